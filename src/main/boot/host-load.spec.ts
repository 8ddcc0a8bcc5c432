import { expect, it } from 'vitest';
import { readProcessTicks, readProcStat, wasLoaded } from './host-load.ts';

const before = { total: 1000, idle: 500, own: 10 };

it.each([
  // [total, idle, own] that went by
  ['an idle computer', [400, 190, 200], false],
  ['others at a quarter exactly', [400, 100, 200], false],
  ['others at more', [400, 90, 200], true],
  ['QEMU alone on all processors', [400, 0, 400], false],
  ['too short a time', [19, 0, 0], null],
  ['a counter that ran back', [400, 500, 0], null],
  ['a process that went backwards', [400, 100, -1], null],
  ['nothing', [0, 0, 0], null],
])('%s', (_name, [total = 0, idle = 0, own = 0], loaded) => {
  const after = { total: 1000 + total, idle: 500 + idle, own: 10 + own };
  expect(wasLoaded(before, after)).toBe(loaded);
});

it('reads Linux’s tables', () => {
  const stat = 'cpu  100 2 30 400 5 6 7 8 50 0\ncpu0 1 1 1 1 1 1 1 1 1 1\nintr 5\n';
  expect(readProcStat(stat)).toEqual({ total: 558, idle: 405 });
  expect(readProcStat('cpu0 1 2 3 4 5\n')).toBeNull();
  expect(readProcStat('')).toBeNull();
  const process = '42 (a) b) S 1 42 42 0 -1 4194304 1 0 0 0 70 30 0 0 20 0 1 0 5 6\n';
  expect(readProcessTicks(process)).toBe(100);
  expect(readProcessTicks('gone')).toBeNull();
});
