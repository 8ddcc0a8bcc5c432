/**
 * Where a machine's boots became slower or faster than they had been, told apart from noise.
 * Pure; says when, never why: what changed then is asked of main.
 */
import { hasBootTime, median } from '../../shared/index.ts';
import { groupBy, isUndisturbed, kindOf, type MeasuredRun, type RunLevel } from './statistics.ts';

/** How many boots before one are what it is held against, and the fewest that make a level. */
const windowRuns = 20;
const fewestRuns = 4;
/** How many of the following boots must be as slow for a level to have changed. */
const following = 3;

/** A change of level, or one slow boot. */
export interface Shift {
  /** `slow`: this one alone, so far. */
  kind: 'slower' | 'faster' | 'slow';
  /** The first run of the new level. */
  run: MeasuredRun;
  /** The last run of its kind before it. */
  before: MeasuredRun;
  beforeMs: number;
  afterMs: number;
}

/** What boots of one level take, and how far from that one of them may lie. */
export interface Level {
  medianMs: number;
  toleranceMs: number;
}

/**
 * The level of some boot times. Three standard deviations, by the median absolute deviation (which a few
 * outliers do not move; 1.4826 of it are one of a normal distribution), and never less than a twentieth.
 * @param deviationMs what is known of the deviation otherwise; a few boots can be alike by chance
 */
export function levelOf(totals: readonly number[], deviationMs = 0): Level {
  const medianMs = median(totals);
  const absolute = totals.map((total) => Math.abs(total - medianMs));
  const deviation = Math.max(1.4826 * median(absolute), deviationMs);
  return { medianMs, toleranceMs: Math.max(3 * deviation, medianMs * 0.05) };
}

/** The standard deviation by how neighbours differ, which a change of level does not move. */
function deviationOf(differences: readonly number[]): number {
  return differences.length === 0 ? 0 : (1.4826 / Math.SQRT2) * median(differences);
}

function direction(totalMs: number, { medianMs, toleranceMs }: Level): -1 | 0 | 1 {
  const delta = totalMs - medianMs;
  return Math.abs(delta) <= toleranceMs ? 0 : delta < 0 ? -1 : 1;
}

/**
 * Finds the shifts among runs of all kinds; each kind is held against itself, and boots that were disturbed or
 * never ready against none.
 * @param runs oldest first. @returns the shifts, oldest first
 */
export function findShifts(runs: readonly MeasuredRun[]): Shift[] {
  const kinds = groupBy(runs.filter(hasBootTime).filter(isUndisturbed), kindOf);
  return [...kinds.values()].flatMap(shiftsOfKind).sort((a, b) => a.run.number - b.run.number);
}

function shiftsOfKind(runs: readonly MeasuredRun[]): Shift[] {
  const totals = runs.map(({ boot }) => boot.totalMs);
  const shifts: Shift[] = [];
  let level: number[] = [];
  let differences: number[] = [];
  for (const [index, run] of runs.entries()) {
    const before = runs[index - 1];
    const total = run.boot.totalMs;
    if (before && level.length >= fewestRuns) {
      const known = levelOf(level, deviationOf(differences));
      const way = direction(total, known);
      const next = totals.slice(index, index + following + 1);
      const agreeing = next.filter((one) => direction(one, known) === way).length;
      const stays = next.length >= following && agreeing >= following;
      const beforeMs = known.medianMs;
      if (way !== 0 && stays) {
        const kind = way > 0 ? 'slower' : 'faster';
        shifts.push({ kind, run, before, beforeMs, afterMs: median(next) });
        level = [];
      } else if (way > 0) {
        shifts.push({ kind: 'slow', run, before, beforeMs, afterMs: total });
      }
    }
    level = [...level, total].slice(-windowRuns);
    if (before) {
      const difference = Math.abs(total - before.boot.totalMs);
      differences = [...differences, difference].slice(-2 * windowRuns);
    }
  }
  return shifts;
}

/**
 * The runs of a run's own kind and level: a middle over a change of level is that of no boot.
 * @param runs oldest first. @param shifts among them
 */
export function levelAround(
  runs: readonly MeasuredRun[],
  shifts: readonly Shift[],
  run: MeasuredRun,
): RunLevel {
  const kind = kindOf(run);
  const steps = shifts.filter((shift) => shift.kind !== 'slow' && kindOf(shift.run) === kind);
  const from = steps.findLast((shift) => shift.run.number <= run.number)?.run.number ?? null;
  const to = steps.find((shift) => shift.run.number > run.number)?.run.number ?? null;
  const own = runs.filter(
    (one) =>
      kindOf(one) === kind && one.number >= (from ?? 0) && one.number < (to ?? Number.MAX_VALUE),
  );
  return { runs: own, from, to };
}

/** How the newest boots stand against the baseline. */
export interface BaselineVerdict {
  kind: 'slower' | 'faster' | 'same';
  /** The newest of those boots. */
  run: MeasuredRun;
  baseline: MeasuredRun;
  medianMs: number;
  /** How many boots that is the median of. */
  count: number;
}

/**
 * Holds the newest boots of the baseline's kind against it. @param runs oldest first
 * @returns null while there are fewer than three of them to tell noise by, and for a baseline that was never ready
 */
export function againstBaseline(
  runs: readonly MeasuredRun[],
  baseline: MeasuredRun,
): BaselineVerdict | null {
  if (!hasBootTime(baseline)) return null;
  const kind = kindOf(baseline);
  const recent = runs
    .filter((run) => run.number > baseline.number && kindOf(run) === kind && isUndisturbed(run))
    .slice(-5);
  const run = recent.at(-1);
  if (!run || recent.length < 3) return null;
  const { medianMs, toleranceMs } = levelOf(recent.map(({ boot }) => boot.totalMs));
  const allowedMs = Math.max(toleranceMs, baseline.boot.totalMs * 0.05);
  const deltaMs = medianMs - baseline.boot.totalMs;
  const verdict = Math.abs(deltaMs) <= allowedMs ? 'same' : deltaMs > 0 ? 'slower' : 'faster';
  return { kind: verdict, run, baseline, medianMs, count: recent.length };
}
