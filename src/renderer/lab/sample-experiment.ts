/** An experiment for tests of the lab; never part of the app. */
import {
  experimentIdSchema,
  type BootCondition,
  type Experiment,
  type LabResult,
  type LabVariant,
} from '../../shared/index.ts';
import { sampleSpec } from './sample-host.ts';

/** A boot that took so long, or the message of one that failed. */
export type SampleBoot = number | string;

const command = {
  argv: ['qemu', '-M', 'microvm'],
  accelerator: 'tcg',
  qemuVersion: '7.2',
} as const;

export function sampleVariant(name: string, change: Partial<LabVariant> = {}): LabVariant {
  return { name, spec: sampleSpec, board: 'microvm', ...change };
}

/** @param boots of each variant, round by round; boots follow each other by 3 s. */
export function sampleExperiment(
  variants: LabVariant[],
  boots: SampleBoot[][],
  change: Partial<Experiment> = {},
  conditions: BootCondition[] = [],
): Experiment {
  const results = boots.flatMap((of, variant) =>
    of.map((boot, round): LabResult => {
      const ms = typeof boot === 'number' ? boot : 0;
      return {
        ...{ variant, round, startedAtMs: (round * boots.length + variant) * 3_000 },
        boot: {
          totalMs: ms,
          phases: [
            { name: 'process-start', startMs: 0, durationMs: ms / 4 },
            { name: 'kernel', startMs: ms / 4, durationMs: (ms * 3) / 4 },
          ],
          ...{ reached: 'ready', details: [], conditions, kernelClockMs: null },
        },
        failure: typeof boot === 'string' ? { message: boot, log: ['Kernel panic'] } : null,
      };
    }),
  );
  return {
    id: experimentIdSchema.parse('3f2504e0-4f89-41d3-9a0c-0305e82c3301'),
    createdAtMs: 1_000,
    ...{ state: 'finished', reason: null },
    plan: { name: 'Kernels', variants, rounds: boots[0]?.length ?? 1, warmUps: 0 },
    ...{ seed: 7, host: '4 × CPU', results },
    commands: variants.map(() => ({ ...command, argv: [...command.argv] })),
    ...change,
  };
}
