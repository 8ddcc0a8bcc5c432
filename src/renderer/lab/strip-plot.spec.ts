import { expect, it } from 'vitest';
import { axisOf, figuresOf, tickText, xOf, type VariantFigures } from '../../shared/index.ts';
import { sampleExperiment, sampleVariant } from './sample-experiment.ts';
import { dotAfter, nearestDot, scatterOf, type PlotDot } from './strip-plot.ts';

function figures(boots: (number | string)[][]): VariantFigures[] {
  const { plan, results } = sampleExperiment(
    boots.map((_, index) => sampleVariant(`v${index}`)),
    boots,
  );
  return figuresOf(plan, results);
}

it('has an axis with round ticks that holds every boot, those far out as well', () => {
  const axis = axisOf(
    figures([
      [1000, 1010, 990],
      [1500, 4000],
    ]),
    6,
  );
  expect(axis?.ticks.map((tick) => tickText(axis, tick))).toEqual([
    ...['0 s', '1 s', '2 s', '3 s', '4 s'],
  ]);
  expect(axis && [xOf(axis, 990, 500) > 0, xOf(axis, 4000, 500) < 500]).toEqual([true, true]);
});

it('does not make noise look like news, nor start below nothing', () => {
  const axis = axisOf(figures([[1000, 1001]]), 5);
  expect(axis && axis.toMs - axis.fromMs).toBeGreaterThan(50);
  expect(axis?.ticks.map((tick) => tickText(axis, tick))).toEqual([
    ...['980 ms', '1000 ms', '1020 ms'],
  ]);
  expect(axisOf(figures([[0.1, 0.2]]), 5)?.fromMs).toBe(0);
  expect(axisOf(figures([['no', 'no']]), 5)).toBeNull();
});

it('goes from boot to boot by keys: by time within a variant, then to the nearest of another', () => {
  const rows = figures([
    [30, 10, 20],
    ['no', 'no', 'no'],
    [11, 99, 21],
  ]);
  const at = (dot: PlotDot | null): number[] => (dot ? [dot.variant, dot.round] : []);
  const first = dotAfter(rows, null, 'ArrowRight');
  const second = dotAfter(rows, first, 'ArrowRight');
  expect([at(first), at(second)]).toEqual([
    [0, 1],
    [0, 2],
  ]);
  const below = dotAfter(rows, second, 'ArrowDown'); // over the one that has none
  expect(at(below)).toEqual([2, 2]);
  expect(at(dotAfter(rows, below, 'End'))).toEqual([2, 1]);
  expect(at(dotAfter(rows, below, 'Home'))).toEqual([2, 0]);
  expect(dotAfter(rows, first, 'ArrowLeft')).toBeNull();
  expect(dotAfter(rows, first, 'ArrowUp')).toBeNull();
  expect(dotAfter(rows, null, 'x')).toBeNull();
});

it('finds the nearest boot, and scatters rounds within its row', () => {
  const [row] = figures([[30, 10, 20]]);
  expect(row && nearestDot(row, 24)?.round).toBe(2);
  const all = Array.from({ length: 200 }, (_, round) => scatterOf(round));
  expect(Math.max(...all) <= 1 && Math.min(...all) >= -1 && new Set(all).size === 200).toBe(true);
});
