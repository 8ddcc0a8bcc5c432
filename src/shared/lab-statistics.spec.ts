import { describe, expect, it } from 'vitest';
import { defaultSpec } from './presets.ts';
import type { LabPlan, LabResult } from './lab.ts';
import { differenceOf, figuresOf, sayDifference } from './lab-statistics.ts';

/** The same numbers every time; as good as any for a test. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}
/** About normal: twelve uniform numbers. */
const normal = (random: () => number): number =>
  Array.from({ length: 12 }, random).reduce((sum, one) => sum + one, -6);

const plan: LabPlan = {
  name: 'kernels',
  variants: ['bzImage', 'ELF'].map((name) => ({
    ...{ name, board: 'microvm', spec: { ...defaultSpec, name } },
  })),
  rounds: 6,
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
    ...[2000, 1010, 1000, 990, 1020, 1005, 3000].map((ms, round) => resultOf(round, 0, ms)),
    ...[90, 305, 300, null, 320, 310, 2290].map((ms, round) => resultOf(round, 1, ms)),
  ];
  const [first, second] = figuresOf(plan, results, numbers(5));

  it('leaves warm-ups out, and marks what lies far out without leaving it out', () => {
    expect(first?.times).toHaveLength(6);
    expect(first?.times.filter(({ outlier }) => outlier)).toEqual([
      { round: 6, ms: 3000, outlier: true },
    ]);
    expect(first?.medianMs).toBe(1007.5);
    expect([second?.failures, second?.times.length]).toEqual([1, 5]);
  });

  it('compares within rounds, so that a slow moment of the host counts for neither', () => {
    expect(second?.difference).toMatchObject({ medianMs: -700, pairs: 5 });
    expect(second?.difference?.highMs).toBeLessThan(-690);
  });
});

it('covers the true difference in about 95 of 100 experiments', () => {
  const random = numbers(11);
  let covered = 0;
  const experiments = 200;
  for (let turn = 0; turn < experiments; turn++) {
    const pairs = Array.from({ length: 15 }, () => 50 + 20 * normal(random));
    const found = differenceOf(pairs, random);
    if (found && found.lowMs <= 50 && found.highMs >= 50) covered += 1;
  }
  expect(covered / experiments).toBeGreaterThan(0.89);
  expect(covered / experiments).toBeLessThan(0.995);
});

it('says nothing of fewer than five pairs', () => {
  expect(differenceOf([1, 2, 3, 4], numbers(1))).toBeNull();
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
  [null, 'ELF: too few boots to compare (5 are needed).'],
])('says %j plainly', (difference, sentence) => {
  expect(sayDifference('ELF', difference)).toBe(sentence);
});
