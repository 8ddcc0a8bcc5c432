import { expect, it } from 'vitest';
import { defaultSpec, machineIdSchema, type MachineSpec } from '../../../shared/index.ts';
import { openDraft, withValue } from './draft-state.ts';
import { KeptEdits, type KeptStorage } from './kept-edits.ts';

const id = machineIdSchema.parse('0b2ce65a-7b47-4d33-9d8c-3ad58ce6ac42');
const saved: MachineSpec = { ...defaultSpec, name: 'web' };

function storage(content: Record<string, string> = {}): KeptStorage & { map: Map<string, string> } {
  const map = new Map(Object.entries(content));
  return {
    map,
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => void map.set(key, value),
    removeItem: (key) => void map.delete(key),
    key: (index) => [...map.keys()][index] ?? null,
    get length() {
      return map.size;
    },
  };
}

it('gives back what was typed, to the next page or app', () => {
  const store = storage({ other: 'x' });
  const state = withValue(openDraft(saved), 'memoryMiB', 512);
  new KeptEdits(store).keep(id, state);
  const next = new KeptEdits(store);
  expect([next.ids(), next.read(id)]).toEqual([[id], state]);
  next.forget(id);
  expect([next.ids(), next.read(id)]).toEqual([[], null]);
});

it.each([
  ['no JSON', '{'],
  ['no draft', '{"saved":1}'],
  ['of another shape', JSON.stringify({ ...openDraft(saved), value: { ...saved, wings: 2 } })],
  ['out of bounds', JSON.stringify(openDraft({ ...saved, memoryMiB: 1 }))],
])('forgets what is %s', (_, text) => {
  const store = storage({ [`nandu.draft.${id}`]: text });
  expect(new KeptEdits(store).read(id)).toBe(null);
  expect(store.map.size).toBe(0);
});

it('does not stand in the way when the storage is full', () => {
  const full = { ...storage(), setItem: () => expect.fail('QuotaExceededError') };
  expect(() => new KeptEdits(full).keep(id, openDraft(saved))).not.toThrow();
});
