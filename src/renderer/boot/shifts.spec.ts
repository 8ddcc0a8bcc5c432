import { describe, expect, it } from 'vitest';
import type { BootCondition, Run } from '../../shared/index.ts';
import { sampleBoot, sampleRun } from './sample-runs.ts';
import { againstBaseline, findShifts, levelAround, levelOf } from './shifts.ts';
import { isMeasured, type MeasuredRun } from './statistics.ts';

const measured = (totals: number[], change: Partial<Run> = {}): MeasuredRun[] =>
  totals.map((total, index) => sampleRun(index + 1, total, change)).filter(isMeasured);
const told = (runs: MeasuredRun[]): string[] =>
  findShifts(runs).map(({ kind, run, beforeMs, afterMs }) =>
    [kind, run.number, Math.round(beforeMs), Math.round(afterMs)].join(' '),
  );

/** Repeatable noise of ±spread. */
function noisy(count: number, around: number, spread: number, seed = 1): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return around + (state / 2_147_483_648 - 0.5) * 2 * spread;
  });
}

describe('shifts', () => {
  it('are seen where the level changes and stays, in either direction', () => {
    const runs = [...noisy(10, 800, 15), ...noisy(10, 1000, 15), ...noisy(10, 700, 15)];
    const found = told(measured(runs)).map((text) => text.split(' ').slice(0, 2).join(' '));
    expect(found).toEqual(['slower 11', 'faster 21']);
  });

  it('are told with the medians before and after', () => {
    expect(told(measured([800, 800, 800, 800, 800, 1000, 1000, 1000]))).toEqual([
      'slower 6 800 1000',
    ]);
  });

  it('are not seen in noise, however long it lasts', () => {
    const found = [3, 7, 11, 19, 23].flatMap((seed) => told(measured(noisy(2_000, 800, 60, seed))));
    // One boot in a few thousand lies three deviations off by chance; a level never does.
    expect(found.filter((text) => !text.startsWith('slow '))).toEqual([]);
    expect(found.length).toBeLessThan(10);
  });

  it('are one slow boot where it stays alone, and where it is the newest', () => {
    expect(told(measured([800, 805, 795, 802, 1200, 801, 803, 799]))).toEqual(['slow 5 801 1200']);
    expect(told(measured([800, 805, 795, 802, 801, 1200]))).toEqual(['slow 6 801 1200']);
    expect(told(measured([800, 805, 795, 802, 400, 801, 803]))).toEqual([]);
  });

  it('need a level before them, and never less than a twentieth', () => {
    expect(told(measured([800, 1200, 1200, 1200]))).toEqual([]);
    expect(told(measured([800, 800, 800, 800, 839, 839, 839]))).toEqual([]);
    expect(levelOf([800, 800, 801])).toMatchObject({ medianMs: 800, toleranceMs: 40 });
  });

  it('hold each kind of boot against itself, and disturbed ones against none', () => {
    const kvm = measured([90, 91, 92, 90, 91], { accelerator: 'kvm' });
    const tcg = measured([800, 802, 801, 803, 800]).map((run) => ({
      ...run,
      number: run.number + 5,
    }));
    const conditions: BootCondition[] = ['loaded'];
    const loaded = measured([2000, 2000, 2000], { boot: sampleBoot(2000, { conditions }) }).map(
      (run) => ({ ...run, number: run.number + 10 }),
    );
    expect(findShifts([...kvm, ...tcg, ...loaded])).toEqual([]);
  });

  it('are not seen in boots that were never ready, however early those ended', () => {
    const never = sampleBoot(90, { reached: 'user-space', conditions: ['deadline'] });
    const failed = measured([90, 90, 90, 90, 90, 300, 300, 300]).map((run) => ({
      ...{ ...run, number: run.number + 5 },
      boot: { ...never, totalMs: run.boot.totalMs },
    }));
    const ready = measured([800, 801, 802, 800, 801]);
    expect(findShifts([...ready, ...failed])).toEqual([]);
    const [pinned] = failed as [MeasuredRun];
    expect(againstBaseline([...ready, ...failed], pinned)).toBeNull();
    expect(againstBaseline([...ready, ...failed], ready[0] as MeasuredRun)?.kind).toBe('same');
  });

  it('are found among 10,000 runs in a moment', () => {
    const runs = measured([...noisy(5_000, 800, 20, 3), ...noisy(5_000, 900, 20, 5)]);
    const started = performance.now();
    const found = findShifts(runs).filter(({ kind }) => kind !== 'slow');
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(found.map(({ run }) => run.number)).toEqual([5_001]);
  });
});

describe('the level of a run', () => {
  const runs = measured([800, 801, 802, 800, 801, 1000, 1001, 1002, 1000]);
  const shifts = findShifts(runs);
  const around = (index: number) => levelAround(runs, shifts, runs[index] as MeasuredRun);

  it('lies between two steps', () => {
    expect(around(2)).toMatchObject({ from: null, to: 6, runs: runs.slice(0, 5) });
    expect(around(5)).toMatchObject({ from: 6, to: null, runs: runs.slice(5) });
  });
});

describe('the baseline', () => {
  const baseline = measured([800])[0] as MeasuredRun;
  const verdict = (totals: number[]): string | undefined =>
    againstBaseline([baseline, ...measured([0, ...totals]).slice(1)], baseline)?.kind;

  it('is held against the newest boots, once they tell noise from news', () => {
    expect(verdict([1000, 1000])).toBeUndefined();
    expect(verdict([1000, 1001, 1002])).toBe('slower');
    expect(verdict([600, 601, 602])).toBe('faster');
    expect(verdict([810, 820, 790])).toBe('same');
    // Slower by the median, but they differ by as much among themselves.
    expect(verdict([700, 1000, 1300])).toBe('same');
    expect(verdict([2000, 2000, 2000, 800, 801, 802, 803, 804])).toBe('same');
  });
});
