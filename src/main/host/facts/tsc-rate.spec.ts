import { expect, it } from 'vitest';
import { measureTscKHz, parseTscKHz } from './tsc-rate.ts';

it.each([
  ['2595986\n', 2_596_000],
  ['3000049', 3_000_000],
  ['', null],
  ['499000\n', null],
  ['99999999\n', null],
  ['2595986\n2595986\n', null],
  ['2595986 kHz', null],
  ['-2595986', null],
  ['nan', null],
])('reads %j as %j', (text, kHz) => {
  expect(parseTscKHz(text)).toBe(kHz);
});

it('is null where the program is missing, fails or does not end', async () => {
  expect(await measureTscKHz('/nonexistent')).toBeNull();
  expect(await measureTscKHz('/bin/false')).toBeNull();
});
