/**
 * The runs that one can be compared with, in groups and in words.
 * Pure; which of them is chosen is the page's affair.
 */
import type { MachineId } from '../../shared/index.ts';
import { formatWhen } from '../format/index.ts';
import type { MachineBoots } from './all-machines.ts';
import { timeText } from './boot-words.ts';
import { candidatesFor } from './comparison.ts';
import type { MeasuredRun } from './statistics.ts';

/** A run to choose. */
export interface CompareOption {
  run: MeasuredRun;
  text: string;
  /** Why it is offered: “baseline”, “the one before”. */
  marks: readonly string[];
}

export interface CompareGroup {
  title: string;
  options: CompareOption[];
}

/** A list to choose from has its bounds; any other run is chosen in the history. */
const mostRuns = 50;

/** A run with what tells it from others: “run 12 · 834 ms · today 14:02 · baseline”. */
export function runText(run: MeasuredRun, nowMs: number, ...more: readonly string[]): string {
  const parts = [`run ${run.number}`, timeText(run)];
  parts.push(formatWhen(run.startedAtMs, nowMs), ...more);
  if (run.note !== '') parts.push(run.note.length > 32 ? `${run.note.slice(0, 31)}…` : run.note);
  return parts.join(' · ');
}

/**
 * @param runs of the machine itself, oldest first. @param machines the boots of all, this one's among them
 * @returns only groups that have something to choose
 */
export function compareGroups(
  runs: readonly MeasuredRun[],
  run: MeasuredRun,
  machines: readonly MachineBoots[],
  nameOf: (id: MachineId) => string | null,
  nowMs: number,
): CompareGroup[] {
  const { baseline, previous, median } = candidatesFor(runs, run);
  const marks = (one: MeasuredRun): string[] =>
    [
      [baseline, 'baseline'],
      [previous, 'the one before'],
      [median, 'nearest to the median'],
    ].flatMap(([candidate, words]) => (candidate === one ? [words as string] : []));
  const special = [...new Set([baseline, previous, median])].filter((one) => one !== null);
  const rest = runs
    .filter((one) => one.id !== run.id && !special.includes(one))
    .toReversed()
    .slice(0, mostRuns);
  const own = { title: 'This machine', options: [...special, ...rest] };
  const others = machines
    .filter(({ machineId }) => machineId !== run.machineId)
    .map(({ machineId, typical, newest }) => ({
      title: nameOf(machineId) ?? 'A deleted machine',
      options: [...new Set([typical, newest])],
    }));
  return [own, ...others]
    .filter(({ options }) => options.length > 0)
    .map(({ title, options }) => ({
      title,
      options: options.map((one) => ({
        ...{ run: one, marks: marks(one) },
        text: runText(one, nowMs, ...marks(one)),
      })),
    }));
}
