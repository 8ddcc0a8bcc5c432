import { describe, expect, it } from 'vitest';
import { randomOf } from './lab-schedule.ts';
import { median, medianInterval, quantile } from './statistics.ts';

describe('quantile', () => {
  it('agrees with R’s default (type 7), and leaves the sample as it is', () => {
    // quantile(c(15, 20, 35, 40, 50), c(0, .05, .25, .4, .5, .95, 1))
    const sample = [50, 15, 40, 20, 35];
    const quantiles = [0, 0.05, 0.25, 0.4, 0.5, 0.95, 1].map((p) => quantile(sample, p));
    expect(quantiles).toEqual([15, 16, 20, 29, 35, 48, 50]);
    expect(sample).toEqual([50, 15, 40, 20, 35]);
  });

  it('takes the mean of the two middle values, sorts by number, and has none for nothing', () => {
    expect(median([10, 9, 100, 1])).toBe(9.5);
    expect(quantile([5], 0.95)).toBe(5);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it('refuses what it cannot compute', () => {
    expect(() => median([Number.NaN])).toThrow(RangeError);
    expect(() => quantile([1, Infinity], 0.5)).toThrow(RangeError);
    expect(() => quantile([1], 1.1)).toThrow(RangeError);
    expect(() => quantile([1], Number.NaN)).toThrow(RangeError);
    expect(() => medianInterval([1, 2, 3, 4, 5, Number.NaN], 0.95)).toThrow(RangeError);
  });
});

describe('medianInterval', () => {
  const counts = Array.from({ length: 15 }, (_, index) => index + 6);
  const oneTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

  /** By counting: of all ways in which values can lie on either side of the median, those within [k, n + 1 - k]. */
  function coverageByCounting(count: number, k: number): number {
    let within = 0;
    for (let ways = 0; ways < 2 ** count; ways++) {
      let below = 0;
      for (let bits = ways; bits > 0; bits &= bits - 1) below++;
      if (below >= k && below <= count - k) within++;
    }
    return within / 2 ** count;
  }

  it('has the ranks of the sign test’s tables, and no interval of fewer than six values', () => {
    // Each is one more than the two-sided critical value for 5 %.
    const ranks = counts.map((count) => medianInterval(oneTo(count), 0.95)?.low);
    expect(ranks).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 5, 6]);
    for (const count of [0, 1, 2, 3, 4, 5]) {
      expect(medianInterval(oneTo(count), 0.95)).toBeNull();
    }
    expect(medianInterval(oneTo(5), 0.9375)).toEqual({ low: 1, high: 5, coverage: 0.9375 });
  });

  it.each(counts)('covers the median of %i values in 95 of 100 cases, exactly', (count) => {
    const found = medianInterval(oneTo(count), 0.95) ?? expect.unreachable();
    expect(found.high).toBe(count + 1 - found.low);
    expect(found.coverage).toBeGreaterThanOrEqual(0.95);
    expect(found.coverage).toBeCloseTo(coverageByCounting(count, found.low), 12);
    // The next narrower one would be too narrow: nothing is given away.
    const narrower = coverageByCounting(count, found.low + 1);
    expect(narrower).toBeLessThan(0.95);
  });

  it.each(counts)(
    'covers the median of %i boot times as often as it says, skewed as they are',
    (count) => {
      const random = randomOf(count);
      const experiments = 4_000;
      let covered = 0;
      let coverage = 0;
      for (let turn = 0; turn < experiments; turn++) {
        // Exponential: a hard lower bound and a long tail. Its median is ln 2.
        const values = Array.from({ length: count }, () => -Math.log(1 - random()));
        const found = medianInterval(values, 0.95) ?? expect.unreachable();
        if (found.low <= Math.LN2 && found.high >= Math.LN2) covered++;
        ({ coverage } = found);
      }
      // Four standard errors of the simulation itself, and nothing more.
      const noise = 4 * Math.sqrt((coverage * (1 - coverage)) / experiments);
      expect(Math.abs(covered / experiments - coverage)).toBeLessThan(noise);
      expect(covered / experiments).toBeGreaterThan(0.95 - noise);
    },
  );

  it('stays exact for as many rounds as the lab allows', () => {
    const found = medianInterval(oneTo(200), 0.95) ?? expect.unreachable();
    expect([found.low, found.high]).toEqual([86, 115]);
    expect(found.coverage).toBeCloseTo(0.95997, 3);
  });
});
