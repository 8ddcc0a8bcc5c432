import { expect, it } from 'vitest';
import {
  randomOf,
  type Experiment,
  type LabVariant,
  type MachineSpec,
} from '../../shared/index.ts';
import { adviceFor, fewRounds, leversOf, questionOf } from './advice.ts';
import { readyVariants } from './ready-variants.ts';
import { sampleExperiment, sampleVariant, type SampleBoot } from './sample-experiment.ts';
import { sampleHost, sampleSpec } from './sample-host.ts';

const machine: MachineSpec = { ...sampleSpec, name: 'mine', labels: ['web'], notes: 'x' };
const variantOf = (key: string): LabVariant =>
  readyVariants(sampleSpec, sampleHost).find((one) => one.key === key)?.variant ??
  expect.unreachable(key);
const asItIs = sampleVariant('As it is');
const boots = (ms: number): SampleBoot[] => [0, 3, 1, 4, 2, 5, 1, 3, 2].map((off) => ms + off);

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

it('advises what is surely faster and by what counts, what saves most first, three at most', () => {
  const names = ['quiet', 'preset-fast', 'kernel-fast', 'kernel-fast-no-acpi', 'console-virtio'];
  const variants = [asItIs, ...names.map(variantOf)];
  const experiment = measured(variants, [1000, 940, 800, 500, 450, 1100].map(boots));
  const { best, more, unknown, idle } = adviceFor(machine, sampleHost, [experiment]);
  expect(keys(best)).toEqual(['kernel-fast-no-acpi', 'kernel-fast', 'preset-fast']);
  expect(unknown).toEqual([]);
  // Nothing that was measured is nowhere.
  expect([keys(more), keys(idle)]).toEqual([['quiet'], ['console-virtio']]);
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
  const swings = [700, 1400, 690, 1500, 650, 1600, 680, 1550, 710];
  const noisy = measured(variants, [boots(2000), boots(1000), swings], { createdAtMs: 3_000 });
  expect(keys(adviceFor(machine, sampleHost, [old]).best)).toEqual(['quiet']);
  const { best, unknown, unsure } = adviceFor(machine, sampleHost, [old, fresh]);
  expect(best).toEqual([]);
  expect(keys(unknown)).not.toContain('quiet'); // it is known to save nothing
  expect(unsure).toEqual([]);
  expect(keys(adviceFor(machine, sampleHost, [old, fresh, noisy]).unsure)).toEqual(['quiet']);
});

it('does not advise what surely saves less than counts for anything', () => {
  const variants = [asItIs, variantOf('quiet')];
  const of = (quiet: SampleBoot[]): string[] => {
    const { best, unsure, unknown } = adviceFor(machine, sampleHost, [
      measured(variants, [boots(1000), quiet]),
    ]);
    expect(keys(unknown)).not.toContain('quiet');
    return [...keys(best), ...keys(unsure).map((key) => `${key}?`)];
  };
  expect(of(boots(970))).toEqual([]); // 3 % of a boot, and known to the millisecond
  expect(of(boots(945))).toEqual(['quiet']); // more than 5 %
  // 3 % in the middle, and surely faster, but perhaps by 7 %.
  const spread = [-70, -27, -69, -26, -30, -28, -71, -29, -30];
  expect(of(spread.map((off, round) => Number(boots(1000)[round]) + off))).toEqual(['quiet?']);
});

it('is as sure of all changes at once as of a single one', () => {
  const names = ['quiet', 'preset-fast', 'kernel-fast', 'kernel-fast-no-acpi', 'console-virtio'];
  const few = (ms: number): SampleBoot[] => boots(ms).slice(0, 6);
  const alone = measured([asItIs, variantOf('quiet')], [few(1000), few(700)]);
  expect(keys(adviceFor(machine, sampleHost, [alone]).best)).toEqual(['quiet']);
  // By six boots, one of five changes that do nothing is surely faster or slower in every seventh experiment.
  const variants = [asItIs, ...names.map(variantOf)];
  const together = measured(variants, [1000, 700, 700, 700, 700, 700].map(few));
  const { best, unsure } = adviceFor(machine, sampleHost, [together]);
  expect([best, keys(unsure).toSorted()]).toEqual([[], names.toSorted()]);
});

it('advises falsely in at most one of twenty advisors, whatever the host’s noise', () => {
  const random = randomOf(5);
  const names = ['quiet', 'preset-fast', 'kernel-fast', 'kernel-fast-no-acpi', 'console-virtio'];
  const variants = [asItIs, ...names.map(variantOf)];
  const advisors = 400;
  let wrong = 0;
  for (let turn = 0; turn < advisors; turn++) {
    // No change does anything, and boots differ by half: the size of the effect keeps nobody from a wrong word.
    const times = variants.map(() =>
      Array.from({ length: fewRounds }, () => 1000 + 500 * random()),
    );
    if (adviceFor(machine, sampleHost, [measured(variants, times)]).best.length > 0) wrong++;
  }
  const noise = 3 * Math.sqrt((0.05 * 0.95) / advisors);
  expect(wrong / advisors).toBeLessThan(0.05 + noise);
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
    measured(variants, [times[0]?.slice(0, 5) ?? [], times[1]?.slice(0, 5) ?? []]),
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

it('keeps what a newer, smaller experiment leaves unsure: by an older one, or as not sure yet', () => {
  const few = (ms: number): SampleBoot[] => boots(ms).slice(0, 6);
  const fast = variantOf('kernel-fast');
  // By six pairs of two changes none can be sure; the seven before them were.
  const small = measured([asItIs, fast], [few(3000), few(1000)], { createdAtMs: 3_000 });
  const quiet = variantOf('quiet');
  const large = measured([asItIs, fast, quiet], [boots(3000), boots(1100), boots(3000)]);
  const both = adviceFor(machine, sampleHost, [large, small]);
  expect(both.best).toMatchObject([{ key: 'kernel-fast', difference: { medianMs: -1900 } }]);
  expect(keys(both.idle)).toEqual(['quiet']);

  const alone = measured([asItIs, quiet], [few(3000), few(3000)]);
  const advices = adviceFor(machine, sampleHost, [alone, small]);
  expect(advices.best).toEqual([]);
  expect(advices.unsure).toMatchObject([{ key: 'kernel-fast', difference: { medianMs: -2000 } }]);
  expect(keys(advices.unknown)).not.toContain('kernel-fast');
  // It is measured again with what was never measured, and does not wait for it.
  const plan = questionOf(machine, advices);
  expect(plan?.rounds).toBe(15);
  expect(plan?.variants.map(({ name }) => name)).toEqual([
    ...['As it is', 'Fast kernel'],
    ...advices.unknown.map(({ variant }) => variant.name),
  ]);
  expect(questionOf(machine, { unknown: [], unsure: [] })).toBeNull();
});

it('measures what is not known in a small experiment of this machine', () => {
  const { unknown, unsure } = adviceFor(machine, sampleHost, []);
  expect(questionOf(machine, { unknown, unsure })).toMatchObject({
    ...{ name: 'Faster boots of mine', rounds: 9, warmUps: 1 },
    variants: [{ name: 'As it is', spec: machine }, ...unknown.map(({ variant }) => variant)],
  });
});
