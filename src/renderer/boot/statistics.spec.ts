import { expect, it } from 'vitest';
import { sampleBoot, sampleRun as run } from './sample-runs.ts';
import {
  comparableWith,
  isMeasured,
  mergeRuns,
  nearestToMedian,
  summarize,
  undisturbed,
  type MeasuredRun,
} from './statistics.ts';

it('compares like with like', () => {
  const runs = [
    run(1, 800),
    run(2, 90, { accelerator: 'kvm' }),
    run(3, 700, { boot: sampleBoot(700, { reached: 'user-space' }) }),
    run(4, 10, { boot: sampleBoot(10, { reached: 'partial' }) }),
    run(5, 0, { boot: null }),
    run(6, 900),
    run(7, 2000, { boot: sampleBoot(2000, { conditions: ['detailed'] }) }),
    run(8, 1500, { boot: sampleBoot(1500, { sign: 'port 80' }) }),
    run(9, 1600, { boot: sampleBoot(1600, { sign: 'port 8080' }) }),
    run(10, 1600, { boot: sampleBoot(1600, { sign: 'port 80' }) }),
    // It was never ready, which is no short way to be.
    run(11, 710, {
      ...{ boot: sampleBoot(710, { reached: 'user-space', sign: 'port 80' }), endedAtMs: 9 },
    }),
  ];
  const measured = runs.filter(isMeasured);
  expect(measured.map(({ number }) => number)).toEqual([1, 2, 3, 6, 7, 8, 9, 10, 11]);
  const like = comparableWith(runs, measured[0] as MeasuredRun);
  expect(like.map(({ number }) => number)).toEqual([1, 6]);
  expect(summarize(like)).toMatchObject({ count: 2, medianMs: 850 });
  expect(summarize([])).toBeNull();
  const likeRun = (number: number): number[] => {
    const found = measured.find((one) => one.number === number) ?? expect.unreachable();
    return comparableWith(runs, found).map((one) => one.number);
  };
  // The port that comes late in a boot is no slower boot.
  expect([likeRun(8), likeRun(9), likeRun(3)]).toEqual([[8, 10], [9], [3]]);
});

it('counts no boot that was never ready among those that were', () => {
  const late = sampleBoot(40, { reached: 'user-space', sign: 'port 80', conditions: ['deadline'] });
  const waits = sampleBoot(40, { reached: 'user-space', sign: 'port 80' });
  const ready = sampleBoot(900, { sign: 'port 80' });
  const runs = [
    run(1, 900, { boot: ready }),
    run(2, 40, { boot: late }),
    run(3, 40, { boot: late, endedAtMs: 9 }),
    run(4, 40, { boot: waits, endedAtMs: 9 }),
    run(5, 40, { boot: waits }),
  ];
  const measured = runs.filter(isMeasured);
  // Shown are all that are over.
  expect(measured.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
  expect(measured.map((one) => comparableWith(runs, one).map(({ number }) => number))).toEqual([
    ...[[1], [], [], []],
  ]);
});

it('puts the current run into the list in its newest form', () => {
  const listed = [run(2, 20), run(1, 10)];
  expect(mergeRuns(listed, null)).toBe(listed);
  expect(mergeRuns(listed, run(3, 30)).map(({ number }) => number)).toEqual([3, 2, 1]);
  const newer = run(2, 21);
  expect(mergeRuns(listed, newer)[0]).toBe(newer);
});

it('leaves disturbed boots out of the middle, unless there are no others', () => {
  const cold = run(1, 3000, { boot: sampleBoot(3000, { conditions: ['cold', 'no-trace'] }) });
  const runs = [cold, run(2, 800), run(3, 900), run(4, 1000)].filter(isMeasured);
  expect(undisturbed(runs).map(({ number }) => number)).toEqual([2, 3, 4]);
  expect(undisturbed([cold].filter(isMeasured))).toHaveLength(1);
  expect(nearestToMedian(undisturbed(runs))?.number).toBe(3);
  expect(nearestToMedian([run(1, 10), run(2, 20)].filter(isMeasured))?.number).toBe(2);
  expect(nearestToMedian([])).toBeUndefined();
});
