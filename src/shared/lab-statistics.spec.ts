import { describe, expect, it } from 'vitest';
import { defaultSpec } from './presets.ts';
import type { LabPlan, LabResult } from './lab.ts';
import { randomOf } from './lab-schedule.ts';
import {
  differenceOf,
  fewestPairs,
  figuresOf,
  phaseMedians,
  sayDifference,
} from './lab-statistics.ts';

/** About normal: twelve uniform numbers. */
const normal = (random: () => number): number =>
  Array.from({ length: 12 }, random).reduce((sum, one) => sum + one, -6);

const plan: LabPlan = {
  name: 'kernels',
  variants: ['bzImage', 'ELF'].map((name) => ({
    ...{ name, board: 'microvm', spec: { ...defaultSpec, name } },
  })),
  rounds: 7,
  warmUps: 1,
};
const resultOf = (round: number, variant: number, totalMs: number | null): LabResult => ({
  ...{ round, variant, startedAtMs: 1 },
  boot:
    totalMs === null
      ? null
      : {
          ...{ phases: [], totalMs, reached: 'ready', details: [], conditions: [] },
          kernelClockMs: null,
        },
  failure: totalMs === null ? { message: 'It panicked.', log: [] } : null,
});

describe('figuresOf', () => {
  const results = [
    ...[2000, 1010, 1000, 990, 1020, 1005, 3000, 1000].map((ms, round) => resultOf(round, 0, ms)),
    ...[90, 305, 300, null, 320, 310, 2290, 301].map((ms, round) => resultOf(round, 1, ms)),
  ];
  const [first, second] = figuresOf(plan, results);

  it('leaves warm-ups out, and marks what lies far out without leaving it out', () => {
    expect(first?.times).toHaveLength(7);
    expect(first?.times.filter(({ outlier }) => outlier)).toEqual([
      { round: 6, ms: 3000, outlier: true },
    ]);
    expect(first?.medianMs).toBe(1005);
    expect([second?.failures, second?.times.length]).toEqual([1, 6]);
  });

  it('has no 95th percentile of fewer than 20 boots, and their longest', () => {
    expect([first?.p95Ms, first?.longestMs]).toEqual([null, 3000]);
    const many = Array.from({ length: 21 }, (_, round) => resultOf(round, 0, 1000 + round));
    const [twenty] = figuresOf({ ...plan, rounds: 20 }, many);
    expect(twenty?.p95Ms).toBeCloseTo(1019.05);
    expect(figuresOf(plan, [])[0]).toMatchObject({ p95Ms: null, longestMs: null });
  });

  it('compares within rounds, so that a slow moment of the host counts for neither', () => {
    expect(second?.difference).toEqual({ medianMs: -700, lowMs: -710, highMs: -695, pairs: 6 });
  });

  it('is as sure as it is asked to be, and says nothing where the pairs do not bear that out', () => {
    expect(figuresOf(plan, results, 0.99)[1]?.difference).toBeNull();
    expect(figuresOf(plan, results, 0.78)[1]?.difference).toMatchObject({ lowMs: -705 });
  });
});

/** Where the bootstrap covered 87.5 % of 7 pairs, and 90.8 % of 13. */
it.each(Array.from({ length: 15 }, (_, index) => index + 6))(
  'has the true difference in at least 95 of 100 intervals of %i pairs',
  (pairs) => {
    const random = randomOf(pairs);
    const experiments = 2_000;
    let covered = 0;
    for (let turn = 0; turn < experiments; turn++) {
      const found = differenceOf(Array.from({ length: pairs }, () => 50 + 20 * normal(random)));
      if (found && found.lowMs <= 50 && found.highMs >= 50) covered += 1;
    }
    // Three standard errors of the simulation itself, and nothing more.
    const noise = 3 * Math.sqrt((0.95 * 0.05) / experiments);
    expect(covered / experiments).toBeGreaterThan(0.95 - noise);
  },
);

it('says nothing of fewer pairs than can be 95 % sure', () => {
  expect(differenceOf([1, 2, 3, 4, 5])).toBeNull();
  expect(fewestPairs).toBe(6);
  expect(differenceOf([1, 2, 3, 4, 5, 6])).toEqual({
    ...{ medianMs: 3.5, lowMs: 1, highMs: 6, pairs: 6 },
  });
});

it('has medians of the phases of boots that count and were ready', () => {
  const phasesOf = (round: number, kernelMs: number | null): LabResult => {
    const result = resultOf(round, 0, kernelMs);
    const phases = [{ name: 'kernel' as const, startMs: 0, durationMs: kernelMs ?? 7 }];
    return { ...result, boot: { ...(boot ?? expect.unreachable()), phases } };
  };
  const { boot } = resultOf(0, 0, 1);
  const results = [8000, 400, 800, 1200, null, 900].map((ms, round) => phasesOf(round, ms));
  expect(phaseMedians({ plan, results }, 0)).toEqual([{ name: 'kernel', ms: 850 }]);
  expect(phaseMedians({ plan, results }, 1)).toEqual([]);
});

it.each([
  [
    { medianMs: -710, lowMs: -770, highMs: -660, pairs: 9 },
    'ELF: 0.71 s faster, 95 % sure between 0.66 s and 0.77 s.',
  ],
  [
    { medianMs: 12.4, lowMs: 3.21, highMs: 20, pairs: 9 },
    'ELF: 12 ms slower, 95 % sure between 3.2 ms and 20 ms.',
  ],
  [
    { medianMs: 1, lowMs: -30, highMs: 150, pairs: 9 },
    'ELF: no difference can be told; it lies between 30 ms faster and 0.15 s slower, 95 % sure.',
  ],
  [null, 'ELF: too few boots to compare (6 are needed).'],
])('says %j plainly', (difference, sentence) => {
  expect(sayDifference('ELF', difference)).toBe(sentence);
});

it('does not call too few what was never ready, or had no reference', () => {
  expect(sayDifference('ELF', null, 'never ready')).toMatch(/^ELF: never ready, so/);
  expect(sayDifference('ELF', null, 'no reference')).toMatch(/reference was never ready\.$/);
});
