import { expect, it } from 'vitest';
import { machineIdSchema, type MachineId } from '../../shared/index.ts';
import { KeptLastWords } from './once-ended.ts';

const idOf = (at: number): MachineId =>
  machineIdSchema.parse(`5b0f3b0e-58a5-4f7e-9d2b-${String(at).padStart(12, '0')}`);
const ended = (name: string) => ({ name, message: '', exitCode: 0, lines: [] });

it('keeps last words until they are put away, the oldest first, and not without an end', () => {
  const kept = new KeptLastWords();
  for (let at = 0; at < 103; at += 1) kept.keep(idOf(at), ended(`m${at}`));
  expect(kept.list()).toHaveLength(100);
  expect(kept.list()[0]?.ended.name).toBe('m3');
  kept.dismiss([idOf(3), idOf(0)]);
  expect(kept.list()[0]?.ended.name).toBe('m4');
});
