/**
 * The boots of all machines side by side: each machine's middle and spread over its newest kind of boot.
 * Pure; never mixes kinds of boots within a machine nor counts one that was never ready, and says which kind a
 * figure is of.
 */
import { hasBootTime, type MachineId, type Run } from '../../shared/index.ts';
import {
  groupBy,
  isMeasured,
  nearestToMedian,
  summarize,
  undisturbed,
  type BootSummary,
  type MeasuredRun,
} from './statistics.ts';
import { findShifts, levelAround } from './shifts.ts';

/** One machine's boots, those of its present level. */
export interface MachineBoots {
  machineId: MachineId;
  summary: BootSummary;
  newest: MeasuredRun;
  /** The one that stands for them when they are compared. */
  typical: MeasuredRun;
}

/** @param runs newest first, as main gives them. @returns the fastest machine first */
export function bootsByMachine(runs: readonly Run[]): MachineBoots[] {
  const boots: MachineBoots[] = [];
  for (const [machineId, own] of groupBy(runs, (run) => run.machineId)) {
    const measured = own.filter(isMeasured).filter(hasBootTime);
    // A boot that was slowed to be looked at stands for a machine only where there is no other.
    const newest =
      measured.find(({ boot }) => !boot.conditions.includes('detailed')) ?? measured[0];
    if (!newest) continue;
    const oldestFirst = measured.toReversed();
    const { runs: level } = levelAround(oldestFirst, findShifts(oldestFirst), newest);
    const like = undisturbed(level);
    const summary = summarize(like);
    if (summary)
      boots.push({ machineId, summary, newest, typical: nearestToMedian(like) ?? newest });
  }
  return boots.sort((a, b) => a.summary.medianMs - b.summary.medianMs);
}
