/** Runs for unit tests; never part of the app. */
import type { BootTimeline, MachineId, Run, RunId } from '../../shared/index.ts';

/** A boot of a length, ready and without phases unless told otherwise. */
export function sampleBoot(totalMs: number, change: Partial<BootTimeline> = {}): BootTimeline {
  return {
    ...{ phases: [], totalMs, reached: 'ready', details: [], conditions: [], kernelClockMs: null },
    ...change,
  };
}

/** An emulated run. */
export function sampleRun(number: number, totalMs: number, change: Partial<Run> = {}): Run {
  return {
    id: `run-${number}` as RunId,
    machineId: 'm' as MachineId,
    ...{ number, startedAtMs: number, endedAtMs: null, accelerator: 'tcg', qemuVersion: '' },
    ...{ argv: [], boot: sampleBoot(totalMs), end: null, note: '', baseline: false },
    ...change,
  };
}
