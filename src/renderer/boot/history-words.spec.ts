import { expect, it } from 'vitest';
import { historyCaption, uncountedText } from './history-words.ts';
import { sampleBoot, sampleRun } from './sample-runs.ts';
import { findShifts, levelAround } from './shifts.ts';
import { isMeasured, summarize, undisturbed, type MeasuredRun } from './statistics.ts';

/** What is said while the last of them is chosen. */
function said(runs: readonly MeasuredRun[]): string[] {
  const level = levelAround(runs, findShifts(runs), runs.at(-1) ?? expect.unreachable());
  const counted = undisturbed(level.runs);
  return [historyCaption(runs, summarize(counted), level), uncountedText(runs, counted, level)];
}
const ready = (count: number, from = 1): MeasuredRun[] =>
  Array.from({ length: count }, (_, index) => sampleRun(from + index, 800 + index)).filter(
    isMeasured,
  );

it('counts the boots that its median is of, and says which others are shown', () => {
  const never = sampleBoot(90, { reached: 'user-space', conditions: ['deadline'] });
  const runs = [
    sampleRun(1, 90, { boot: never }),
    sampleRun(2, 5000, { boot: sampleBoot(5000, { conditions: ['loaded'] }) }),
    sampleRun(3, 70, { boot: sampleBoot(70, { sign: 'console Linux version' }) }),
    ...ready(3, 4),
  ].filter(isMeasured);
  expect(said(runs)).toEqual([
    '3 of 6 runs · median 801 ms · longest 802 ms',
    'The figures are of 3 of 6 runs. Not counted: 1 never ready, 1 disturbed, 1 of another kind or level.',
  ]);
  expect(said(ready(3))).toEqual(['3 runs · median 801 ms · longest 802 ms', '']);
});

it('gives no percentile of fewer than 20 boots, and no figures of one', () => {
  expect(said(ready(19))[0]).toBe('19 runs · median 809 ms · longest 818 ms');
  expect(said(ready(20))[0]).toBe('20 runs · median 810 ms · p95 818 ms');
  expect(said(ready(1))).toEqual(['1 run', '']);
});

it('says from which run on its figures are', () => {
  const slower = [1000, 1001, 1002].map((total, index) => sampleRun(6 + index, total));
  expect(said([...ready(5), ...slower.filter(isMeasured)])[0]).toBe(
    '3 of 8 runs · median 1.00 s · longest 1.00 s · since run 6',
  );
});

it('groups the digits of every count alike', () => {
  const never = Array.from({ length: 1000 }, (_, index) =>
    sampleRun(index + 1, 90, {
      boot: sampleBoot(90, { reached: 'user-space', conditions: ['deadline'] }),
    }),
  );
  expect(said([...never.filter(isMeasured), ...ready(1500, 1001)])).toEqual([
    expect.stringMatching(/^1,500 of 2,500 runs · /),
    'The figures are of 1,500 of 2,500 runs. Not counted: 1,000 never ready.',
  ]);
});
