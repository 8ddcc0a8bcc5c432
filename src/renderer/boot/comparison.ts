/**
 * Two boots phase by phase, and which boots are worth comparing with one.
 * Pure; a difference that the marks do not bear out is not given.
 */
import {
  phaseNames,
  sayReadySign,
  type BootTimeline,
  type Phase,
  type PhaseName,
} from '../../shared/index.ts';
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
  /** Null where one of them does not tell this phase apart. */
  deltaMs: number | null;
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
  return phaseNames
    .filter((name) => expected.has(name))
    .map((name) => {
      const [one, other] = [find(before, name), find(after, name)];
      const none = one === null && other === null;
      const deltaMs =
        none || apart.has(name) ? null : (other?.durationMs ?? 0) - (one?.durationMs ?? 0);
      return { name, before: one, after: other, deltaMs, includes: included.get(name) ?? [] };
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
    previous: earlier(like) ?? earlier(others) ?? null,
    median: nearestToMedian(undisturbed(like)) ?? null,
  };
}

/** Why the difference of two boots is not that of the machine alone; null where nothing is known. */
export function unlike(before: MeasuredRun, after: MeasuredRun): string | null {
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
  if (!isUndisturbed(before) || !isUndisturbed(after)) {
    return 'Not both ran undisturbed: a small difference may be chance.';
  }
  return null;
}
