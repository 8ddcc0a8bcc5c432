import { describe, expect, it } from 'vitest';
import { randomOf } from '../../src/shared/index.ts';
import { inTurns, ratioOfTurns } from './turns.ts';

/** A host that is quick or slow for some boots each, as shared computers are; `ratio` is the truth. */
function measuredOn(seed: number, ratio: number): Promise<{ first: number[]; second: number[] }> {
  const random = randomOf(seed);
  let isSlow = false;
  const boot = (ms: number) => (): Promise<number> => {
    if (random() < 0.3) isSlow = !isSlow;
    const noise = 1 + (random() - 0.5) * 0.06;
    return Promise.resolve(ms * noise * (isSlow ? 1.6 : 1));
  };
  const nobody = (): void => undefined;
  return inTurns(boot(2300 * ratio), boot(2300), 72, nobody) as Promise<{
    first: number[];
    second: number[];
  }>;
}

describe('a ratio of turns', () => {
  it.each([0.9, 1, 1.03, 1.1])('is found on a restless host: %d', async (ratio) => {
    for (let seed = 1; seed <= 20; seed++) {
      const found = ratioOfTurns(await measuredOn(seed, ratio));
      expect(found.median).toBeGreaterThan(ratio - 0.02);
      expect(found.median).toBeLessThan(ratio + 0.02);
    }
  });

  it('holds each measurement against both of the other way beside it', () => {
    const turns = { first: [1, 4], second: [2, 8] };
    // 1/2, 4/2, 4/8
    expect(ratioOfTurns(turns)).toMatchObject({ count: 3, median: 0.5, q3: 1.25 });
  });
});

it('leaves the first of each out', async () => {
  let at = 0;
  const told: number[][] = [];
  const next = (): Promise<number> => Promise.resolve(at++);
  const turns = await inTurns(next, next, 2, (...pair) => told.push(pair));
  expect(turns).toEqual({ first: [2, 4], second: [3, 5] });
  expect(told).toEqual([
    [1, 2, 3],
    [2, 4, 5],
  ]);
});
