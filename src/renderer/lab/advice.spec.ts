import { expect, it } from 'vitest';
import type { Experiment, LabVariant, MachineSpec } from '../../shared/index.ts';
import { adviceFor, leversOf, measuringPlan } from './advice.ts';
import { readyVariants } from './ready-variants.ts';
import { sampleExperiment, sampleVariant, type SampleBoot } from './sample-experiment.ts';
import { sampleHost, sampleSpec } from './sample-host.ts';

const machine: MachineSpec = { ...sampleSpec, name: 'mine', labels: ['web'], notes: 'x' };
const variantOf = (key: string): LabVariant =>
  readyVariants(sampleSpec, sampleHost).find((one) => one.key === key)?.variant ??
  expect.unreachable(key);
const asItIs = sampleVariant('As it is');
const boots = (ms: number): SampleBoot[] => [0, 3, 1, 4, 2, 5].map((off) => ms + off);

/** As the lab would have run it, with the kernels of today. */
function measured(
  variants: LabVariant[],
  times: SampleBoot[][],
  change: Partial<Experiment> = {},
): Experiment {
  const commands = variants.map(({ spec }) => {
    const path = spec.kernel.kind === 'fast' ? '/k/fast' : '/k/debian';
    return { argv: ['-kernel', path], accelerator: 'tcg' as const, qemuVersion: '7.2.22' };
  });
  return sampleExperiment(variants, times, { commands, ...change });
}

const keys = (list: readonly { key: string }[]): string[] => list.map(({ key }) => key);

it('advises what is surely faster, what saves most first, three at most', () => {
  const names = ['quiet', 'preset-fast', 'kernel-fast', 'kernel-fast-no-acpi', 'console-virtio'];
  const variants = [asItIs, ...names.map(variantOf)];
  const experiment = measured(variants, [1000, 950, 800, 500, 450, 1100].map(boots));
  const { best, unknown } = adviceFor(machine, sampleHost, [experiment]);
  expect(keys(best)).toEqual(['kernel-fast-no-acpi', 'kernel-fast', 'preset-fast']);
  expect(unknown).toEqual([]);
  expect(best[0]).toMatchObject({
    ...{ title: 'Fast kernel, no ACPI', measuredAtMs: 1_000, experimentId: experiment.id },
    difference: { medianMs: -550, lowMs: -550, highMs: -550 },
    // All else stays as the person has it.
    spec: { ...machine, kernel: { kind: 'fast' }, board: { acpi: false } },
  });
});

it('takes the newest word, and compares two variants of which neither is the reference', () => {
  const q35: LabVariant = { ...asItIs, name: 'q35', board: 'q35' };
  const variants = [q35, asItIs, variantOf('quiet')];
  const old = measured(variants, [[...boots(2000)], boots(1000), boots(700)]);
  const fresh = measured(variants, [boots(2000), boots(1000), boots(1001)], {
    createdAtMs: 2_000,
  });
  const noisy = measured(variants, [boots(2000), boots(1000), [700, 1400, 690, 1500, 650, 1600]], {
    createdAtMs: 3_000,
  });
  expect(keys(adviceFor(machine, sampleHost, [old]).best)).toEqual(['quiet']);
  const { best, unknown, unsure } = adviceFor(machine, sampleHost, [old, fresh]);
  expect(best).toEqual([]);
  expect(keys(unknown)).not.toContain('quiet'); // it is known to save nothing
  expect(unsure).toEqual([]);
  expect(keys(adviceFor(machine, sampleHost, [old, fresh, noisy]).unsure)).toEqual(['quiet']);
});

it('does not count what was measured otherwise, or is not at its end', () => {
  const variants = [asItIs, variantOf('quiet')];
  const times = [boots(1000), boots(700)];
  const good = measured(variants, times);
  const command = { argv: ['/k/debian'], accelerator: 'tcg' as const, qemuVersion: '7.2.22' };
  const otherwise: Experiment[] = [
    { ...good, state: 'cancelled' },
    measured(variants, times, { commands: variants.map(() => ({ ...command, argv: ['/k/old'] })) }),
    measured(variants, times, {
      commands: variants.map(() => ({ ...command, accelerator: 'kvm' as const })),
    }),
    measured(variants, times, {
      commands: variants.map(() => ({ ...command, qemuVersion: '7.2.1' })),
    }),
    measured(variants, [times[0]?.slice(0, 4) ?? [], times[1]?.slice(0, 4) ?? []]),
    measured([{ ...asItIs, spec: { ...sampleSpec, memoryMiB: 512 } }, variantOf('quiet')], times),
  ];
  expect(keys(adviceFor(machine, sampleHost, [good]).best)).toEqual(['quiet']);
  const { best, unknown } = adviceFor(machine, sampleHost, otherwise);
  expect(best).toEqual([]);
  expect(keys(unknown)).toContain('quiet');
});

it('leaves out what cannot be had or what would not start', () => {
  expect(keys(leversOf(machine, { ...sampleHost, fastKernel: null }))).toEqual([
    ...['quiet', 'preset-fast', 'console-virtio'],
  ]);
  const kvm = { ...sampleHost, kvm: { state: 'works', reason: '' } } as const;
  expect(keys(leversOf(machine, kvm))).toContain('preset-minimal');
  const refuse = ({ key }: { key: string }): string | null => (key === 'quiet' ? 'No.' : null);
  expect(keys(adviceFor(machine, sampleHost, [], refuse).unknown)).not.toContain('quiet');
});

it('measures what is not known in a small experiment of this machine', () => {
  const { unknown } = adviceFor(machine, sampleHost, []);
  expect(measuringPlan(machine, unknown, 5)).toMatchObject({
    ...{ name: 'Faster boots of mine', rounds: 5, warmUps: 1 },
    variants: [{ name: 'As it is', spec: machine }, ...unknown.map(({ variant }) => variant)],
  });
});
