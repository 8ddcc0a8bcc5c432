/**
 * The axis on which an experiment’s boots are drawn, in the window and in the report: its range and its ticks.
 * Pure. Never leaves a boot out: what lies far out stretches the axis.
 */
import type { VariantFigures } from './lab-statistics.ts';

/** An axis from `fromMs` to `toMs`. */
export interface PlotAxis {
  readonly fromMs: number;
  readonly toMs: number;
  readonly ticks: readonly number[];
}

/** Of the whole range, so that no dot lies on the edge. */
const margin = 0.04;
/** A range smaller than this, of the largest time, would make noise look like news. */
const leastRange = 0.05;

const nearNothing = 0.3;

/** Null where no boot was ready. @param about so many ticks have room. */
export function axisOf(figures: readonly VariantFigures[], about: number): PlotAxis | null {
  const all = figures.flatMap(({ times }) => times.map(({ ms }) => ms));
  if (all.length === 0) return null;
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const range = Math.max(most - least, most * leastRange, 1);
  const middle = (least + most) / 2;
  const from = middle - range * (0.5 + margin);
  // Where nothing is almost in sight, it is shown: lengths can be compared then.
  const fromMs = from < range * nearNothing ? 0 : from;
  const toMs = middle + range * (0.5 + margin);
  return { fromMs, toMs, ticks: ticksOf(fromMs, toMs, about) };
}

/** @returns pixels from the left. */
export function xOf({ fromMs, toMs }: PlotAxis, ms: number, widthPx: number): number {
  return ((ms - fromMs) / (toMs - fromMs)) * widthPx;
}

/** The ticks' texts, all in one unit: “0.5 s”, “200 ms”. */
export function tickText({ toMs }: PlotAxis, tick: number): string {
  return toMs >= 2_000 ? `${Number((tick / 1000).toPrecision(6))} s` : `${tick} ms`;
}

/** Round numbers: 1, 2 or 5 times a power of ten apart. */
function ticksOf(fromMs: number, toMs: number, about: number): number[] {
  const rough = (toMs - fromMs) / Math.max(1, about);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  const first = Math.ceil(fromMs / step);
  const last = Math.floor(toMs / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}
