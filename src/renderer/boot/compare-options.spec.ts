import { expect, it } from 'vitest';
import type { MachineId, Run } from '../../shared/index.ts';
import { bootsByMachine } from './all-machines.ts';
import { compareGroups, runText } from './compare-options.ts';
import { sampleBoot, sampleRun } from './sample-runs.ts';
import { isMeasured, type MeasuredRun } from './statistics.ts';

const now = new Date(2026, 10, 25, 12).getTime();
const at = (run: Run): Run => ({ ...run, startedAtMs: now });

it('offers what is readily compared first, then the newest, then other machines', () => {
  const runs = [1, 2, 3, 4]
    .map((number) => at(sampleRun(number, 800 + number, { baseline: number === 1 })))
    .filter(isMeasured);
  const other = at(sampleRun(9, 500, { machineId: 'other' as MachineId, note: 'x'.repeat(60) }));
  const machines = bootsByMachine([...runs.toReversed(), other]);
  const groups = compareGroups(runs, runs[3] as MeasuredRun, machines, () => 'web', now);
  expect(groups.map(({ title, options }) => [title, ...options.map(({ text }) => text)])).toEqual([
    [
      'This machine',
      'run 1 · 801 ms · today 12:00 · baseline',
      'run 3 · 803 ms · today 12:00 · the one before',
      'run 2 · 802 ms · today 12:00 · nearest to the median',
    ],
    ['web', `run 9 · 500 ms · today 12:00 · ${'x'.repeat(31)}…`],
  ]);
});

it('gives no time to a run that was never ready', () => {
  const boot = sampleBoot(2610, { reached: 'user-space', conditions: ['deadline'] });
  expect(runText(at(sampleRun(8, 2610, { boot })) as MeasuredRun, now)).toBe(
    'run 8 · not ready · today 12:00',
  );
});

it('has no group without a run', () => {
  const only = [sampleRun(1, 800)].filter(isMeasured);
  expect(compareGroups(only, only[0] as MeasuredRun, [], () => null, now)).toEqual([]);
});
