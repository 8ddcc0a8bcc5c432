import { expect, it } from 'vitest';
import { shellTitle } from './shell-titles.ts';

it('numbers shells from one, and programs of one name from two', () => {
  expect([
    shellTitle([], []),
    shellTitle([], ['Shell 1', 'top', 'Shell 4']),
    shellTitle(['/usr/bin/top', '-b'], ['Shell 1']),
    shellTitle(['top'], ['top']),
    shellTitle(['top'], ['top 3', 'top-like 7']),
    shellTitle(['/'], []),
    shellTitle([`/opt/${'a'.repeat(40)}`], []),
  ]).toEqual(['Shell 1', 'Shell 5', 'top', 'top 2', 'top 4', '/', `${'a'.repeat(23)}…`]);
});
