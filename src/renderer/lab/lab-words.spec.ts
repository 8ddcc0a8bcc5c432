import { expect, it } from 'vitest';
import {
  doubtsOf,
  runIdSchema,
  type Experiment,
  type LabState,
  type LabVariant,
  type MachineSpec,
  type MachineView,
  type RunId,
} from '../../shared/index.ts';
import {
  bootDifferencesOf,
  boots,
  imageHolders,
  interval,
  lastWordsOf,
  resumeTitle,
  sayApplied,
  sayInterruption,
  sayTrouble,
  signed,
  stateTitle,
  stateTone,
  verdictOf,
} from './lab-words.ts';
import { sampleExperiment, sampleVariant } from './sample-experiment.ts';
import { sampleSpec } from './sample-host.ts';

const variants = [sampleVariant('ELF kernel'), sampleVariant('bzImage kernel')];

it('says what disturbed the boots that count, and no others', () => {
  const disturbed = sampleExperiment(
    variants,
    [
      [900, 900],
      [950, 950],
    ],
    {},
    ['loaded'],
  );
  const labels = (change: object): string[] =>
    doubtsOf({ ...disturbed, ...change }).map(({ label }) => label);
  expect(labels({})).toEqual(['Emulated (TCG)', 'All boots: loaded host']);
  const [first, ...others] = disturbed.results;
  const quiet = others.map((one) => ({
    ...one,
    boot: one.boot && { ...one.boot, conditions: [] },
  }));
  expect(labels({ results: [first, ...quiet], commands: [] })).toEqual(['1 boot: loaded host']);
  const plan = { ...disturbed.plan, warmUps: 1 };
  expect(labels({ plan, results: [first, ...quiet], commands: [] })).toEqual([]);
  const both = (['kvm', 'tcg'] as const).map((accelerator) => ({
    ...{ argv: [], qemuVersion: '7.2', accelerator },
  }));
  expect(labels({ results: [], commands: both })).toEqual(['KVM and emulation']);
});

it('says that not all variants were ready by the same sign', () => {
  const [one, other] = variants;
  const port = { ...sampleSpec, ready: { kind: 'port', port: 80 } } as const;
  const variantsOf = (spec: MachineSpec): LabVariant[] => [
    one ?? expect.unreachable(),
    { ...(other ?? expect.unreachable()), spec },
  ];
  const of = (spec: MachineSpec, change: Partial<Experiment> = {}): string[] =>
    doubtsOf(sampleExperiment(variantsOf(spec), [[900], [950]], { commands: [], ...change })).map(
      ({ sentence }) => sentence,
    );
  expect(of(sampleSpec)).toEqual([]);
  // Of boots that were kept before their sign was, the plan tells it.
  expect(of(port)).toEqual([
    'Not all were ready by the same sign, so times end at different moments: the word of Nandu’s agent; TCP port 80 in the guest.',
  ]);
  const { results } = sampleExperiment(variantsOf(port), [[900], [950]]);
  const signed = results.map((result) => ({
    ...result,
    boot: result.boot && { ...result.boot, sign: 'port 80' },
  }));
  expect(of(port, { results: signed })).toEqual([]);
  // A variant that was never ready was ready by no sign.
  const failed = results.map((result) =>
    result.variant === 1 ? { ...result, boot: null } : result,
  );
  expect(of(port, { results: failed })).toEqual([]);
});

it('says differences with their sign and their certainty', () => {
  const of = (lowMs: number, highMs: number): string =>
    verdictOf({ medianMs: (lowMs + highMs) / 2, lowMs, highMs, pairs: 9 });
  expect([of(-20, -10), of(-5, 5), of(1, 2), verdictOf(null)]).toEqual([
    ...['faster', 'undecided', 'slower', 'undecided'],
  ]);
  expect([signed(-712), signed(12.4), signed(0), signed(-0.01)]).toEqual([
    ...['−712 ms', '+12 ms', '0 ms', '0 ms'],
  ]);
  expect(interval({ medianMs: 0, lowMs: -1_200, highMs: 30, pairs: 9 })).toBe('−1.20 s to +30 ms');
});

it('says how far an experiment is and how it can go on', () => {
  const of = (state: LabState, done: number): string => boots({ state, done, total: 44 });
  expect([of('running', 3), of('finished', 44), of('cancelled', 3)]).toEqual([
    ...['3 of 44 boots', '44 boots', '3 boots made'],
  ]);
  expect((['running', 'paused', 'interrupted', 'finished'] as const).map(resumeTitle)).toEqual([
    ...[null, 'Resume', 'Go on', null],
  ]);
});

it('says that what was applied counts from the next start on, until that start', () => {
  const [before, after] = [1, 2].map((last) =>
    runIdSchema.parse(`3f2504e0-4f89-41d3-9a0c-0305e82c330${last}`),
  );
  const said = (run: RunId | undefined): string =>
    sayApplied(before ?? null, run === undefined ? null : { id: run });
  expect(said(before)).toBe('It counts from the next start on.');
  expect(said(after)).toBe('The last start was made with it.');
  expect(sayApplied(null, null)).toBe('It counts from the next start on.');
});

it('says that the boot that Nandu’s end cut off is made anew, and of no other interruption', () => {
  expect(sayInterruption(null)).toMatch(/^Nandu ended while it went on\..*is made anew\.$/);
  expect(sayInterruption('The disk is full.')).toBe('The disk is full. What was measured stays.');
});

it('does not call finished, in green, what never was ready or has nothing to compare with', () => {
  const of = (state: LabState, trouble: 'nothing-ready' | 'no-reference' | null): string[] => [
    stateTitle({ state, trouble }),
    stateTone({ state, trouble }),
    sayTrouble({ state, trouble, variants: ['ELF'] })?.title ?? '',
  ];
  expect(of('finished', null)).toEqual(['Finished', 'running', '']);
  expect(of('finished', 'nothing-ready')).toEqual(['Never ready', 'crashed', 'Nothing was ready']);
  expect(of('finished', 'no-reference')).toEqual([
    ...['No reference', 'crashed', 'The reference was given up: nothing can be compared'],
  ]);
  // It may still become ready.
  expect(of('running', 'nothing-ready')).toEqual(['Running', 'busy', '']);
});

it('says in what boots differ from starts of a machine, and which running machine holds an image', () => {
  const limits = { iops: 0, bytesPerSecond: 0 };
  const disk = {
    path: '/d/one',
    format: 'raw',
    cache: 'writeback',
    readOnly: false,
    limits,
  } as const;
  const spec = { ...sampleSpec, disks: [disk] };
  expect(bootDifferencesOf([{ spec: sampleSpec }])).toEqual([]);
  expect(bootDifferencesOf([{ spec }]).join()).toMatch(/^Disks are throw-away copies/);
  expect(bootDifferencesOf([{ spec: { ...spec, disks: [{ ...disk, readOnly: true }] } }])).toEqual(
    [],
  );
  const machine = (state: string, readOnly: boolean): MachineView =>
    ({ state, spec: { ...sampleSpec, disks: [{ ...disk, readOnly }] } }) as MachineView;
  const all = [machine('stopped', false), machine('running', true), machine('paused', false)];
  expect(imageHolders([{ spec }], all)).toEqual(all.slice(2));
  expect(imageHolders([{ spec: sampleSpec }], all)).toEqual([]);
});

it('tells the words of a console from QEMU’s', () => {
  expect(lastWordsOf({ message: 'no', log: ['a'], qemuLog: ['b'] })).toEqual([
    { speaker: 'Its console', lines: ['a'] },
    { speaker: 'QEMU', lines: ['b'] },
  ]);
  expect(lastWordsOf({ message: 'no', log: [] })).toEqual([]);
});
