/**
 * An experiment in words: its state, how far it is, its differences.
 * Pure; the only place where these sentences are written, but for those that the report has, too (shared).
 */
import type {
  Difference,
  ExperimentSummary,
  LabResult,
  LabState,
  LabTrouble,
  LabVariant,
  MachineView,
  Run,
  RunId,
} from '../../shared/index.ts';
import { formatCount, formatDuration } from '../format/index.ts';
import type { DotTone } from '../ui/index.ts';

const stateTitles: Record<LabState, string> = {
  running: 'Running',
  paused: 'Paused',
  interrupted: 'Interrupted',
  finished: 'Finished',
  cancelled: 'Cancelled',
};

const stateTones: Record<LabState, DotTone> = {
  running: 'busy',
  paused: 'paused',
  interrupted: 'paused',
  finished: 'running',
  cancelled: 'stopped',
};

const troubleTitles: Record<LabTrouble, string> = {
  'nothing-ready': 'Never ready',
  'no-reference': 'No reference',
};

type StateAndTrouble = Pick<ExperimentSummary, 'state' | 'trouble'>;

/** Its state in a word or two: one that is over and measured nothing is not called finished. */
export function stateTitle({ state, trouble }: StateAndTrouble): string {
  return state === 'finished' && trouble !== null ? troubleTitles[trouble] : stateTitles[state];
}

export function stateTone({ state, trouble }: StateAndTrouble): DotTone {
  return state === 'finished' && trouble !== null ? 'crashed' : stateTones[state];
}

/** What came of one that is over and cannot say what it was made for; null where it can. */
export function sayTrouble({
  state,
  trouble,
  variants,
}: StateAndTrouble & Pick<ExperimentSummary, 'variants'>): { title: string; text: string } | null {
  if (state !== 'finished' || trouble === null) return null;
  if (trouble === 'nothing-ready') {
    return { title: 'Nothing was ready', text: 'No boot became ready. What failed stands below.' };
  }
  return {
    title: 'The reference was given up: nothing can be compared',
    text: `“${variants[0] ?? ''}” was never ready, and the others are compared with it. Their boots are kept. A copy can have another reference.`,
  };
}

/** @param reason as in an experiment: null where Nandu ended. */
export function sayInterruption(reason: string | null): string {
  if (reason !== null) return `${reason} What was measured stays.`;
  return 'Nandu ended while it went on. What was measured stays. The boot that was under way does not count and is made anew.';
}

/** How to let it go on; null where it goes on or is over. */
export function resumeTitle(state: LabState): 'Resume' | 'Go on' | null {
  if (state === 'paused') return 'Resume';
  return state === 'interrupted' ? 'Go on' : null;
}

/** Whether boots of it can still be made. */
export function isOpen(state: LabState): boolean {
  return state === 'running' || state === 'paused' || state === 'interrupted';
}

/** “12 of 44 boots”, “44 boots”; “12 boots made” of one that was called off. */
export function boots({
  state,
  done,
  total,
}: Pick<ExperimentSummary, 'state' | 'done' | 'total'>): string {
  if (state === 'cancelled') return `${formatCount(done, 'boot')} made`;
  return done === total ? formatCount(total, 'boot') : `${done} of ${formatCount(total, 'boot')}`;
}

/** In what the lab's boots of these variants differ from starts of a machine, in sentences. */
export function bootDifferencesOf(variants: readonly Pick<LabVariant, 'spec'>[]): string[] {
  const specs = variants.map(({ spec }) => spec);
  const containers = specs.flatMap(({ container }) => container ?? []);
  const said: [boolean, string][] = [
    [
      specs.some(({ disks }) => disks.some(({ readOnly }) => !readOnly)),
      'Disks are throw-away copies over their images: what a guest writes is gone after its boot.',
    ],
    [
      containers.some(({ storage }) => storage === 'disk'),
      'Containers begin from their image: their kept disks are left alone.',
    ],
    [
      containers.some(({ folders }) => folders.some(({ readOnly }) => !readOnly)),
      'Shared folders can be read, not written.',
    ],
    [
      specs.some(({ portForwards }) => portForwards.length > 0),
      'No port of this computer is taken.',
    ],
  ];
  return said.filter(([applies]) => applies).map(([, sentence]) => sentence);
}

/** Running machines that hold an image for writing which a variant boots from: QEMU lets nobody else have it then. */
export function imageHolders(
  variants: readonly Pick<LabVariant, 'spec'>[],
  machines: readonly MachineView[],
): MachineView[] {
  const wanted = new Set(variants.flatMap(({ spec }) => spec.disks.map(({ path }) => path)));
  return machines.filter(
    ({ state, spec }) =>
      state !== 'stopped' &&
      state !== 'crashed' &&
      spec.disks.some(({ path, readOnly }) => !readOnly && wanted.has(path)),
  );
}

/** Who said something before a boot failed, and the last lines of it. */
export function lastWordsOf({
  log,
  qemuLog = [],
}: NonNullable<LabResult['failure']>): { speaker: 'Its console' | 'QEMU'; lines: string[] }[] {
  const all = [
    { speaker: 'Its console', lines: log },
    { speaker: 'QEMU', lines: qemuLog },
  ] as const;
  return all.filter(({ lines }) => lines.length > 0);
}

/**
 * When what the advisor set counts.
 * @param runBefore the machine’s run when it was set; null where it had none.
 * @param run its run now.
 */
export function sayApplied(runBefore: RunId | null, run: Pick<Run, 'id'> | null): string {
  const started = run !== null && run.id !== runBefore;
  return started ? 'The last start was made with it.' : 'It counts from the next start on.';
}

/** Whether a difference is told from none, and in which direction. */
export function verdictOf(difference: Difference | null): 'faster' | 'slower' | 'undecided' {
  if (difference === null) return 'undecided';
  if (difference.highMs < 0) return 'faster';
  return difference.lowMs > 0 ? 'slower' : 'undecided';
}

/** “−0.71 s”, “+12 ms”; a real minus, as wide as the plus. */
export function signed(ms: number): string {
  const text = formatDuration(Math.abs(ms));
  if (text === formatDuration(0)) return text;
  return `${ms < 0 ? '−' : '+'}${text}`;
}

/** “−0.77 to −0.66 s” would hide a change of units: each bound has its own. */
export function interval({ lowMs, highMs }: Difference): string {
  return `${signed(lowMs)} to ${signed(highMs)}`;
}
