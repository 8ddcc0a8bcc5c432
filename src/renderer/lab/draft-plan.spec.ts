import { expect, it } from 'vitest';
import { differenceOf, type LabVariant, type MachineView } from '../../shared/index.ts';
import {
  chosenEntries,
  defaultRounds,
  draftEntries,
  proposedName,
  readDraft,
} from './draft-plan.ts';
import { sampleHost, sampleSpec } from './sample-host.ts';

const texts = { name: 'Kernels', rounds: '10', warmUps: '1' };
const entries = draftEntries(sampleSpec, sampleHost, [], []);
const choose = (keys: string[], reference: string): ReturnType<typeof chosenEntries> =>
  chosenEntries(entries, new Set(keys), reference);

it('makes a plan whose first variant is the reference that was chosen', () => {
  const read = readDraft(texts, choose(['as-it-is', 'quiet', 'q35'], 'q35'));
  expect(read).toMatchObject({
    ok: true,
    plan: {
      ...{ name: 'Kernels', rounds: 10, warmUps: 1 },
      variants: [
        { name: 'q35 (yardstick)', board: 'q35' },
        { name: 'As it is', board: 'microvm' },
        { name: 'Quiet kernel', spec: { quietKernel: true } },
      ],
    },
  });
});

it('proposes as many rounds as a difference takes, also where two boots fail', () => {
  const pairs = Array.from({ length: defaultRounds - 2 }, (_, index) => index);
  expect(differenceOf(pairs)).not.toBeNull();
});

it('says what is wrong with nonsense, field by field', () => {
  const errorsOf = (change: Partial<typeof texts>, keys = ['as-it-is']): object => {
    const read = readDraft({ ...texts, ...change }, choose(keys, ''));
    return read.ok ? {} : read.errors;
  };
  expect(errorsOf({ name: '  ', rounds: '', warmUps: '1.5' }, [])).toEqual({
    name: 'Give it a name.',
    rounds: 'Use a whole number.',
    warmUps: 'Use a whole number.',
    variants: 'Choose at least one variant.',
  });
  expect(errorsOf({ rounds: '0', warmUps: '-1' })).toEqual({
    rounds: 'Make at least one round.',
    warmUps: 'Use 0 for none.',
  });
  expect(errorsOf({ rounds: '1e3', warmUps: '6', name: 'x'.repeat(61) })).toEqual({
    rounds: 'Use a whole number.',
    warmUps: 'Make at most 5.',
    name: 'Use at most 60 characters.',
  });
  expect(errorsOf({ rounds: '201' })).toEqual({ rounds: 'Make at most 200 rounds.' });
  const all = entries.map(({ key }) => key);
  expect(errorsOf({}, all)).toEqual({ variants: 'Compare at most 8 variants at once.' });
});

it('takes over what was compared before, once, and machines under names of their own', () => {
  const earlier: LabVariant[] = [
    { name: 'web', spec: { ...sampleSpec, quietKernel: true }, board: 'microvm' },
  ];
  const longName = 'a-machine-whose-name-is-as-long-as-nandu-allows-it-to-be-64-char';
  const machines = ['web', longName].map(
    (name, id) => ({ id: String(id), spec: { ...sampleSpec, name } }) as unknown as MachineView,
  );
  const all = draftEntries(sampleSpec, sampleHost, earlier, machines);
  expect(all.map(({ key }) => key)).not.toContain('quiet');
  const keys = new Set(['earlier 0', 'machine 0', 'machine 1']);
  const read = readDraft(texts, chosenEntries(all, keys, 'machine 0'));
  expect(read.ok && read.plan.variants.map(({ name }) => name)).toEqual([
    ...['web', 'web (2)', `${longName.slice(0, 59)}…`],
  ]);
  expect(proposedName(longName)).toHaveLength(60);
});

it('leaves out what was ticked and cannot be had any more', () => {
  const without = draftEntries(sampleSpec, { ...sampleHost, fastKernel: null }, [], []);
  const chosen = chosenEntries(without, new Set(['as-it-is', 'kernel-fast']), 'kernel-fast');
  expect(chosen.map(({ key }) => key)).toEqual(['as-it-is']);
});
