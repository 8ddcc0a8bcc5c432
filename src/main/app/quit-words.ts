/**
 * What a person is asked before Nandu ends while something goes on. Pure: who shows it is `quit`.
 */

/** What would be cut off or left alone. */
export interface GoingOn {
  /** Machines that have a process. */
  readonly machines: number;
  /** Images that are being fetched or built. */
  readonly imports: number;
  /** The name of the experiment that boots its variants, null where there is none. */
  readonly experiment: string | null;
}

/** A question and its answers, the safe one last. */
export interface PartingQuestion {
  readonly message: string;
  readonly detail: string;
  readonly answers: readonly { readonly label: string; readonly means: 'stop' | 'keep' | null }[];
  /** Whether the answer is one about machines, which can be remembered. */
  readonly canRemember: boolean;
}

/** @returns null where nothing goes on that an end would touch. */
export function partingQuestion({
  machines,
  imports,
  experiment,
}: GoingOn): PartingQuestion | null {
  const cutOff = [
    ...(experiment === null ? [] : [experimentWords(experiment)]),
    ...(imports === 0 ? [] : [importWords(imports)]),
  ];
  if (machines > 0) {
    return {
      message: `${machines === 1 ? 'One machine is' : `${machines} machines are`} still running`,
      detail: [
        'Machines that keep running are here again when you open Nandu the next time.',
        ...cutOff.map(({ what, how }) => `${what}, which ends with Nandu. ${how}`),
      ].join('\n\n'),
      answers: [
        { label: 'Stop and quit', means: 'stop' },
        { label: 'Keep running', means: 'keep' },
        { label: 'Cancel', means: null },
      ],
      canRemember: true,
    };
  }
  const [first, ...others] = cutOff;
  if (first === undefined) return null;
  return {
    message: first.what,
    detail: [
      `That ends with Nandu. ${first.how}`,
      ...others.map(({ what, how }) => `${what}, which ends as well. ${how}`),
    ].join('\n\n'),
    answers: [
      { label: 'Quit', means: 'keep' },
      { label: 'Cancel', means: null },
    ],
    canRemember: false,
  };
}

interface CutOff {
  readonly what: string;
  readonly how: string;
}

function experimentWords(name: string): CutOff {
  return {
    what: `The experiment “${name}” is still going on`,
    how: 'Its boots so far are kept, and you can let it go on the next time.',
  };
}

function importWords(count: number): CutOff {
  return {
    what: `${count === 1 ? 'One image is' : `${count} images are`} still being fetched`,
    how: 'What has come of it is kept for the next time that it is pulled.',
  };
}
