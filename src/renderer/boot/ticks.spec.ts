import { expect, it } from 'vitest';
import { niceTicks, tickTexts } from './ticks.ts';

it('chooses round steps that stay within the span', () => {
  expect(niceTicks(812, 5)).toEqual([0, 200, 400, 600, 800]);
  expect(niceTicks(1000, 5)).toEqual([0, 200, 400, 600, 800, 1000]);
  expect(niceTicks(0.3, 3)).toEqual([0, 0.1, 0.2, 0.3]);
  expect(niceTicks(23_456, 4)).toEqual([0, 5_000, 10_000, 15_000, 20_000]);
  expect([niceTicks(0, 5), niceTicks(Number.NaN, 5)]).toEqual([[0], [0]]);
});

it('names the unit once', () => {
  expect(tickTexts([0, 200, 400])).toEqual(['0', '200', '400 ms']);
  expect(tickTexts([0, 2500, 5000])).toEqual(['0', '2.5', '5 s']);
});
