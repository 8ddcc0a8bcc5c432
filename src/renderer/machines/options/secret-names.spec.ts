import { expect, it } from 'vitest';
import { leftOver } from './secret-names.ts';

it('removes the values of secrets that were taken away or renamed, and of no other', () => {
  expect(leftOver(['TOKEN', 'KEY', 'OLD'], ['KEY', 'NEW'])).toEqual({ TOKEN: null, OLD: null });
  expect(leftOver(['KEY'], ['KEY', 'NEW'])).toEqual({});
});
