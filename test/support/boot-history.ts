/**
 * Writes made-up runs into the database of an app that does not run: long histories, rare conditions, details.
 * For pictures and measurements only; no figure of theirs is ever a result.
 */
import { randomUUID } from 'node:crypto';
import { openDatabase, RunRepository } from '../../src/main/store/index.ts';
import { resolvePaths } from '../../src/main/host/index.ts';
import {
  runIdSchema,
  type BootCondition,
  type BootDetail,
  type BootTimeline,
  type MachineId,
  type MachineSpec,
  type Phase,
  type PhaseName,
} from '../../src/shared/index.ts';

/** One run to be written; what is left out is as usual. */
export interface MadeUpRun {
  boot: BootTimeline | null;
  spec: MachineSpec;
  startedAtMs: number;
  accelerator?: 'kvm' | 'tcg';
  qemuVersion?: string;
  note?: string;
  baseline?: boolean;
}

/** Repeatable numbers from 0 to 1. */
export function repeatable(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** A timeline of phases that follow each other. */
export function timelineOf(
  durations: Partial<Record<PhaseName, number>>,
  change: {
    details?: BootDetail[];
    conditions?: BootCondition[];
    reached?: BootTimeline['reached'];
  } = {},
): BootTimeline {
  let startMs = 0;
  const phases = Object.entries(durations).map(([name, durationMs]): Phase => {
    const phase = { name: name as PhaseName, startMs, durationMs };
    startMs += durationMs;
    return phase;
  });
  return {
    ...{ phases, totalMs: startMs, reached: change.reached ?? 'ready' },
    ...{ details: change.details ?? [], conditions: change.conditions ?? [], kernelClockMs: null },
  };
}

/** @param dataDirectory of an app that is closed. @param runs oldest first */
export function writeRuns(
  dataDirectory: string,
  machineId: MachineId,
  runs: readonly MadeUpRun[],
): void {
  const { database: path } = resolvePaths({ NANDU_DATA_DIR: dataDirectory });
  const database = openDatabase({ path });
  try {
    const repository = new RunRepository(database);
    database.connection.transaction(() => {
      for (const { boot, spec, startedAtMs, accelerator, qemuVersion, note, baseline } of runs) {
        const { id } = repository.start({
          ...{ id: runIdSchema.parse(randomUUID()), machineId, startedAtMs, spec },
          ...{ accelerator: accelerator ?? 'tcg', qemuVersion: qemuVersion ?? '7.2.22' },
          argv: ['/usr/bin/qemu-system-x86_64', '-M', 'microvm', '-kernel', '/boot/vmlinux'],
        });
        if (boot) repository.recordBoot(id, boot);
        const end = { kind: 'stopped', expected: true, message: 'Stopped.' } as const;
        repository.finish(id, startedAtMs + 60_000, end);
        if (note) repository.annotate(id, note);
        if (baseline) repository.setBaseline(id, true);
      }
    })();
  } finally {
    database.close();
  }
}
