/**
 * Two boots phase by phase, and which boots are worth comparing with one.
 * Pure; a difference that the marks do not bear out is not given.
 */
import {
  hasBootTime,
  phaseNames,
  sayReadySign,
  type BootTimeline,
  type Phase,
  type PhaseName,
} from '../../shared/index.ts';
import { formatDuration } from '../format/index.ts';
import { phaseCutBySign } from './shown-boot.ts';
import {
  comparableWith,
  endOf,
  isUndisturbed,
  nearestToMedian,
  undisturbed,
  type MeasuredRun,
} from './statistics.ts';
import { expectedPhases } from './timeline-rows.ts';

/** One phase in both boots. */
export interface PhaseDifference {
  name: PhaseName;
  before: Phase | null;
  after: Phase | null;
  /** Null where one of them does not tell this phase apart, or was not seen to come to its end. */
  deltaMs: number | null;
  /** Whether it lies past the end of what was seen of one of them. */
  unseen: boolean;
  /** Phases that this one includes in one of the boots but not in the other. */
  includes: PhaseName[];
}

/** A phase that a boot need not have takes no time where it is missing; any other is within a neighbour. */
function find(boot: BootTimeline, name: PhaseName): Phase | null {
  return boot.phases.find((phase) => phase.name === name) ?? null;
}

/** The phase of a boot that a missing one is part of, as main's recorder names spans; null past its end. */
function absorberOf(boot: BootTimeline, missing: PhaseName): PhaseName | null {
  const at = phaseNames.indexOf(missing);
  const next = boot.phases.find(({ name }) => phaseNames.indexOf(name) > at)?.name;
  if (next === undefined) return null;
  if (next === 'kernel' || next === 'user-space') return next;
  return boot.phases.findLast(({ name }) => phaseNames.indexOf(name) < at)?.name ?? next;
}

/** Whether a phase lies past the end of what was seen: then it took a time that nobody knows, not none. */
function isPast(boot: BootTimeline, name: PhaseName): boolean {
  const last = boot.phases.at(-1)?.name;
  if (boot.reached === 'ready') return false;
  return last === undefined || phaseNames.indexOf(name) > phaseNames.indexOf(last);
}

/** All phases of two boots in their order. */
export function comparePhases(before: BootTimeline, after: BootTimeline): PhaseDifference[] {
  const expected = new Set([...expectedPhases(before), ...expectedPhases(after)]);
  const included = new Map<PhaseName, PhaseName[]>();
  const apart = new Set<PhaseName>();
  for (const name of expected) {
    for (const [boot, other] of [
      [before, after],
      [after, before],
    ] as const) {
      if (find(boot, name) || !find(other, name)) continue;
      const absorber = expectedPhases(boot).includes(name) ? absorberOf(boot, name) : null;
      if (absorber) included.set(absorber, [...(included.get(absorber) ?? []), name]);
      if (expectedPhases(boot).includes(name)) apart.add(name);
    }
  }
  // One that ended with the sign of readiness was cut short there, or goes on until there.
  const [cut, otherCut] = [phaseCutBySign(before), phaseCutBySign(after)];
  if (cut !== otherCut) for (const name of [cut, otherCut]) if (name) apart.add(name);
  return phaseNames
    .filter((name) => expected.has(name))
    .map((name) => {
      const [one, other] = [find(before, name), find(after, name)];
      const none = one === null && other === null;
      const unseen = isPast(before, name) || isPast(after, name);
      const deltaMs =
        none || unseen || apart.has(name)
          ? null
          : (other?.durationMs ?? 0) - (one?.durationMs ?? 0);
      const includes = included.get(name) ?? [];
      return { name, before: one, after: other, deltaMs, unseen, includes };
    });
}

/** Boots that one is readily compared with. */
export interface Candidates {
  baseline: MeasuredRun | null;
  previous: MeasuredRun | null;
  median: MeasuredRun | null;
}

/** @param runs of one machine, oldest first */
export function candidatesFor(runs: readonly MeasuredRun[], run: MeasuredRun): Candidates {
  const others = runs.filter(({ id }) => id !== run.id);
  const like = comparableWith(others, run);
  const earlier = (list: readonly MeasuredRun[]): MeasuredRun | undefined =>
    list.findLast(({ number }) => number < run.number);
  return {
    baseline: others.find(({ baseline }) => baseline) ?? null,
    previous: earlier(like) ?? earlier(others.filter(hasBootTime)) ?? earlier(others) ?? null,
    median: nearestToMedian(undisturbed(like)) ?? null,
  };
}

/**
 * How much longer one boot took than another, milliseconds; null where they were not measured to the same end, so
 * that the difference of their totals is that of nothing.
 */
export function totalDifference(before: MeasuredRun, after: MeasuredRun): number | null {
  const same = before.boot.reached === after.boot.reached;
  if (!same || !hasBootTime(before) || !hasBootTime(after)) return null;
  return after.boot.totalMs - before.boot.totalMs;
}

/** The verdict over a comparison. `bad`: there is none, and why. @param nameOf a run's name, like “Run 12” */
export function headlineOf(
  before: MeasuredRun,
  after: MeasuredRun,
  nameOf: (run: MeasuredRun) => string,
): { tone: 'plain' | 'bad'; text: string } {
  const failed = [before, after].filter((run) => !hasBootTime(run)).map(nameOf);
  if (failed.length > 0) {
    const text = failed.length > 1 ? 'Neither was ever ready' : `${failed[0]} was never ready`;
    return { tone: 'bad', text };
  }
  const deltaMs = totalDifference(before, after);
  if (deltaMs === null) return { tone: 'plain', text: 'Measured to different ends' };
  const percent = before.boot.totalMs > 0 ? Math.abs(deltaMs / before.boot.totalMs) * 100 : 0;
  if (percent < 1) return { tone: 'plain', text: 'As fast as the other' };
  const word = deltaMs < 0 ? 'faster' : 'slower';
  const text = `${formatDuration(Math.abs(deltaMs))} (${Math.round(percent)} %) ${word}`;
  return { tone: 'plain', text };
}

/** Why the difference of two boots is not that of the machine alone; null where nothing is known. */
export function unlike(before: MeasuredRun, after: MeasuredRun): string | null {
  if (!hasBootTime(before) || !hasBootTime(after)) {
    return 'Their totals cannot be compared; only phases that both came to the end of can.';
  }
  if (before.accelerator !== after.accelerator) return 'One ran under KVM, the other was emulated.';
  const detailed = [before, after].map(({ boot }) => boot.conditions.includes('detailed'));
  if (detailed[0] !== detailed[1]) return 'One logged each of the kernel’s steps, which slows it.';
  if (before.boot.reached !== after.boot.reached) {
    return 'One was measured until it was ready, the other until its first process.';
  }
  if (endOf(before.boot) !== endOf(after.boot)) {
    const [one, other] = [before, after].map(({ boot }) => sayReadySign(boot.sign));
    return `They were ready by different signs: one by ${one}, the other by ${other}.`;
  }
  const disturbed = [before, after].filter((run) => !isUndisturbed(run)).length;
  if (disturbed === 0) return null;
  const who = disturbed > 1 ? 'Neither ran undisturbed' : 'One of them did not run undisturbed';
  return `${who}: a small difference may be chance.`;
}
