/**
 * Statistics over boot times, and which runs may be compared with each other.
 * Pure: never mixes KVM with emulation, readiness with the first process, nor one sign of readiness with another.
 */
import {
  bootOutcome,
  hasBootTime,
  median,
  quantile,
  type BootCondition,
  type BootTimeline,
  type Run,
} from '../../shared/index.ts';

/** A run with a boot to show: seen as far as its first process at least, and not under way any more. */
export type MeasuredRun = Run & { boot: NonNullable<Run['boot']> };

/** True when the guest's user space was seen and nothing is waited for; whether it was ready says `hasBootTime`. */
export function isMeasured(run: Run): run is MeasuredRun {
  return run.boot !== null && run.boot.reached !== 'partial' && bootOutcome(run) !== 'waiting';
}

/** Runs with the same text booted in the same way: accelerator, end of the measurement, detailed or not. */
export function kindOf(run: MeasuredRun): string {
  // What was never ready ended anywhere, and is like nothing that was measured to an end.
  const end = hasBootTime(run) ? endOf(run.boot) : 'never ready';
  return `${run.accelerator} ${run.boot.conditions.includes('detailed')} ${end}`;
}

/** What a measurement ended with: the first process, or a sign; one that was not kept is like no other. */
export function endOf({ reached, sign }: BootTimeline): string {
  return reached === 'ready' ? `ready ${sign ?? ''}` : reached;
}

/** The runs that booted in the same way as this one; none for one that was never ready. */
export function comparableWith(runs: readonly Run[], run: MeasuredRun): MeasuredRun[] {
  if (!hasBootTime(run)) return [];
  const kind = kindOf(run);
  return runs.filter(isMeasured).filter((other) => kindOf(other) === kind);
}

/** Some things by a key, each list in the order in which they came. */
export function groupBy<Key, One>(all: readonly One[], keyOf: (one: One) => Key): Map<Key, One[]> {
  const groups = new Map<Key, One[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return groups;
}

const disturbing: ReadonlySet<BootCondition> = new Set(['cold', 'loaded', 'clock-set', 'paused']);

/** Whether nothing outside of the machine is known to have made this boot slower than others. */
export function isUndisturbed({ boot }: MeasuredRun): boolean {
  return !boot.conditions.some((one) => disturbing.has(one));
}

/** The undisturbed ones of some runs; all of them where each was disturbed. */
export function undisturbed(runs: readonly MeasuredRun[]): readonly MeasuredRun[] {
  const clean = runs.filter(isUndisturbed);
  return clean.length > 0 ? clean : runs;
}

/** The run whose time is nearest to the middle of these, the newest of several; undefined for none. */
export function nearestToMedian(runs: readonly MeasuredRun[]): MeasuredRun | undefined {
  const medianMs = median(runs.map(({ boot }) => boot.totalMs));
  const distance = (run: MeasuredRun): number => Math.abs(run.boot.totalMs - medianMs);
  return runs.toSorted((a, b) => distance(a) - distance(b) || b.number - a.number)[0];
}

/** Runs of one kind between two changes of level. */
export interface RunLevel {
  runs: readonly MeasuredRun[];
  /** The numbers of its first run and of the first one after it, where the level changed; null at the ends. */
  from: number | null;
  to: number | null;
}

/** What the history says of a set of boot times, in milliseconds. */
export interface BootSummary {
  count: number;
  medianMs: number;
  lowerQuartileMs: number;
  upperQuartileMs: number;
  p95Ms: number;
  longestMs: number;
}

export function summarize(runs: readonly MeasuredRun[]): BootSummary | null {
  if (runs.length === 0) return null;
  const totals = runs.map((run) => run.boot.totalMs);
  return {
    count: totals.length,
    medianMs: median(totals),
    lowerQuartileMs: quantile(totals, 0.25),
    upperQuartileMs: quantile(totals, 0.75),
    p95Ms: quantile(totals, 0.95),
    longestMs: Math.max(...totals),
  };
}

/** The given runs, with the current one in its newest form; newest first. */
export function mergeRuns(runs: readonly Run[], current: Run | null): readonly Run[] {
  if (!current) return runs;
  const others = runs.filter((run) => run.id !== current.id);
  return [...others, current].sort((a, b) => b.number - a.number);
}
