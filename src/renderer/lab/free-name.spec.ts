import { expect, it } from 'vitest';
import { labLimits } from '../../shared/index.ts';
import { freeName } from './free-name.ts';

it('numbers what has a name that is taken, and goes on where that is a numbered copy', () => {
  const taken = new Set(['web', 'web (2)', 'db (7)']);
  expect(['new', 'web', 'web (2)', 'db (7)'].map((name) => freeName(name, taken))).toEqual([
    ...['new', 'web (3)', 'web (3)', 'db (7) (2)'],
  ]);
  const long = 'x'.repeat(labLimits.nameLength);
  expect(freeName(long, new Set([long]))).toBe(`${long.slice(4)} (2)`);
});
