import { expect, it } from 'vitest';
import type { MachineId, Run, RunId } from '../../shared/index.ts';
import {
  comparableWith,
  isMeasured,
  mergeRuns,
  quantile,
  summarize,
  type MeasuredRun,
} from './statistics.ts';

function run(number: number, totalMs: number, change: Partial<Run> = {}): Run {
  return {
    id: `run-${number}` as RunId,
    machineId: 'm' as MachineId,
    number,
    startedAtMs: number,
    endedAtMs: null,
    accelerator: 'tcg',
    qemuVersion: '',
    argv: [],
    boot: { phases: [], totalMs, reached: 'ready' },
    end: null,
    ...change,
  };
}

it('interpolates quantiles', () => {
  expect(quantile([3, 1, 2, 4], 0.5)).toBe(2.5);
  expect(quantile([5], 0.95)).toBe(5);
  expect(quantile([0, 10], 0.25)).toBe(2.5);
  expect(quantile([], 0.5)).toBeNaN();
});

it('compares like with like', () => {
  const runs = [
    run(1, 800),
    run(2, 90, { accelerator: 'kvm' }),
    run(3, 700, { boot: { phases: [], totalMs: 700, reached: 'user-space' } }),
    run(4, 10, { boot: { phases: [], totalMs: 10, reached: 'partial' } }),
    run(5, 0, { boot: null }),
    run(6, 900),
  ];
  const measured = runs.filter(isMeasured);
  expect(measured.map(({ number }) => number)).toEqual([1, 2, 3, 6]);
  const like = comparableWith(runs, measured[0] as MeasuredRun);
  expect(like.map(({ number }) => number)).toEqual([1, 6]);
  expect(summarize(like)).toMatchObject({ count: 2, medianMs: 850 });
  expect(summarize([])).toBeNull();
});

it('puts the current run into the list in its newest form', () => {
  const listed = [run(2, 20), run(1, 10)];
  expect(mergeRuns(listed, null)).toBe(listed);
  expect(mergeRuns(listed, run(3, 30)).map(({ number }) => number)).toEqual([3, 2, 1]);
  const newer = run(2, 21);
  expect(mergeRuns(listed, newer)[0]).toBe(newer);
});
