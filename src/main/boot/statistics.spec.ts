import { describe, expect, it } from 'vitest';
import {
  isNonEmpty,
  median,
  medianAbsoluteDeviation,
  quantile,
  spread,
  type NonEmpty,
} from './statistics.ts';

describe('statistics', () => {
  it('agrees with R’s default (type 7)', () => {
    // quantile(c(15, 20, 35, 40, 50), c(0, .05, .25, .4, .5, .95, 1))
    const sample: NonEmpty = [50, 15, 40, 20, 35];
    const quantiles = [0, 0.05, 0.25, 0.4, 0.5, 0.95, 1].map((p) => quantile(sample, p));
    expect(quantiles).toEqual([15, 16, 20, 29, 35, 48, 50]);
    expect(sample).toEqual([50, 15, 40, 20, 35]);
  });

  it('summarises a sample', () => {
    // R: mad(c(1, 1, 2, 2, 4, 6, 9), constant = 1)
    expect(spread([1, 1, 2, 2, 4, 6, 9])).toEqual({
      ...{ count: 7, min: 1, q1: 1.5, median: 2, q3: 5, p95: expect.closeTo(8.1, 9), max: 9 },
      mad: 1,
    });
    expect(spread([3])).toEqual({
      ...{ count: 1, min: 3, q1: 3, median: 3, q3: 3, p95: 3, max: 3, mad: 0 },
    });
  });

  it('takes the mean of the two middle values, and sorts by number', () => {
    expect(median([10, 9, 100, 1])).toBe(9.5);
    expect(medianAbsoluteDeviation([10, 9, 100, 1])).toBe(4.5);
  });

  it('refuses what it cannot compute', () => {
    expect(isNonEmpty([])).toBe(false);
    expect(() => median([Number.NaN])).toThrow(RangeError);
    expect(() => quantile([1, Infinity], 0.5)).toThrow(RangeError);
    expect(() => quantile([1], 1.1)).toThrow(RangeError);
    expect(() => quantile([1], Number.NaN)).toThrow(RangeError);
  });
});
