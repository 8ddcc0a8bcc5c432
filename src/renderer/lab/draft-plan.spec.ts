import { expect, it } from 'vitest';
import {
  defaultContainer,
  differenceOf,
  machineIdSchema,
  type LabVariant,
  type MachineView,
} from '../../shared/index.ts';
import {
  chosenEntries,
  defaultRounds,
  draftEntries,
  proposedName,
  readDraft,
  secretsProblem,
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
  const ids = ['0', '1'].map((last) => `3f2504e0-4f89-41d3-9a0c-0305e82c330${last}`);
  const machines = ['web', longName].map(
    (name, index) => ({ id: ids[index], spec: { ...sampleSpec, name } }) as unknown as MachineView,
  );
  const all = draftEntries(sampleSpec, sampleHost, earlier, machines);
  expect(all.map(({ key }) => key)).not.toContain('quiet');
  const keys = new Set(['earlier 0', ...ids.map((id) => `machine ${id}`)]);
  const read = readDraft(texts, chosenEntries(all, keys, `machine ${ids[0]}`));
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

it('makes variants of a machine with its secrets, and says which cannot know theirs', () => {
  const id = machineIdSchema.parse('3f2504e0-4f89-41d3-9a0c-0305e82c3301');
  const image = { image: 'web', digest: `sha256:${'0'.repeat(64)}` };
  const container = { ...defaultContainer, ...image, secrets: ['TOKEN'] };
  const spec = { ...sampleSpec, container };
  const owners = draftEntries(spec, sampleHost, [], [], id).map(({ variant }) => variant);
  expect(new Set(owners.map(({ machineId }) => machineId))).toEqual(new Set([id]));
  expect(owners.map(secretsProblem).filter((problem) => problem !== null)).toEqual([]);
  // An experiment of an older Nandu does not say whose machine it was.
  const [copied] = draftEntries(
    sampleSpec,
    sampleHost,
    [{ name: 'web', spec, board: 'microvm' }],
    [],
  );
  expect(copied && secretsProblem(copied.variant)).toMatch(/“TOKEN”.*choose that machine/);
});
