/**
 * What a person is asked before Nandu ends while something goes on. Pure: who shows it is `quit`.
 */

/** What would be cut off or left alone. */
export interface GoingOn {
  /** Machines that have a process. */
  readonly machines: number;
  /** Images that are being fetched or built. */
  readonly imports: number;
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
export function partingQuestion({ machines, imports }: GoingOn): PartingQuestion | null {
  const images = imports === 1 ? 'One image is' : `${imports} images are`;
  const resumed = 'What has come of it is kept for the next time that it is pulled.';
  if (machines > 0) {
    return {
      message: `${machines === 1 ? 'One machine is' : `${machines} machines are`} still running`,
      detail: [
        'Machines that keep running are here again when you open Nandu the next time.',
        imports > 0 ? `${images} still being fetched, which ends with Nandu. ${resumed}` : '',
      ]
        .filter(Boolean)
        .join('\n\n'),
      answers: [
        { label: 'Stop and quit', means: 'stop' },
        { label: 'Keep running', means: 'keep' },
        { label: 'Cancel', means: null },
      ],
      canRemember: true,
    };
  }
  if (imports === 0) return null;
  return {
    message: `${images} still being fetched`,
    detail: `That ends with Nandu. ${resumed}`,
    answers: [
      { label: 'Quit', means: 'keep' },
      { label: 'Cancel', means: null },
    ],
    canRemember: false,
  };
}
