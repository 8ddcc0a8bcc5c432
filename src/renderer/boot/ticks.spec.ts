import { expect, it } from 'vitest';
import { formatMoment, niceTicks, tickTexts } from './ticks.ts';

it('chooses round steps that stay within the span', () => {
  expect(niceTicks(0, 812, 5)).toEqual([0, 200, 400, 600, 800]);
  expect(niceTicks(0, 1000, 5)).toEqual([0, 200, 400, 600, 800, 1000]);
  expect(niceTicks(0, 0.3, 3)).toEqual([0, 0.1, 0.2, 0.3]);
  expect(niceTicks(0, 23_456, 4)).toEqual([0, 5_000, 10_000, 15_000, 20_000]);
  expect(niceTicks(310, 402, 4)).toEqual([320, 340, 360, 380, 400]);
  expect(niceTicks(100.02, 100.1, 4)).toEqual([100.02, 100.04, 100.06, 100.08, 100.1]);
  expect([niceTicks(0, 0, 5), niceTicks(Number.NaN, 5, 1)]).toEqual([[0], [0]]);
});

it('names the unit once', () => {
  expect(tickTexts([0, 200, 400])).toEqual(['0', '200', '400 ms']);
  expect(tickTexts([0, 1000, 2000])).toEqual(['0', '1', '2 s']);
  expect(tickTexts([0, 2500, 5000])).toEqual(['0', '2.5', '5 s']);
  expect(tickTexts([6000.1, 6000.2])).toEqual(['6000.1', '6000.2 ms']);
});

it('says a moment no more exactly than it can be pointed at', () => {
  expect([formatMoment(1312.44, 1.5), formatMoment(312.44, 0.5), formatMoment(3.1, 1e-6)]).toEqual([
    ...['1,312 ms', '312.4 ms', '3.100 ms'],
  ]);
});
