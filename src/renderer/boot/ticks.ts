/**
 * Round numbers for time axes.
 * Pure; draws nothing.
 */

/** Ticks at 1, 2 or 5 times a power of ten from 0 up to `max`, about `about` of them. */
export function niceTicks(max: number, about: number): number[] {
  if (!(max > 0)) return [0];
  const rough = max / Math.max(1, about);
  const power = 10 ** Math.floor(Math.log10(rough));
  // The round step whose ratio to the wished one is nearest to 1 (thresholds are geometric means).
  const ratio = rough / power;
  const size = power * (ratio < Math.SQRT2 ? 1 : ratio < 3.16 ? 2 : ratio < 7.07 ? 5 : 10);
  const count = Math.floor(max / size + 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * size).toPrecision(12)));
}

/** The ticks' texts in one common unit, which only the last one names: “0”, “200”, “400 ms”. */
export function tickTexts(ticksMs: readonly number[]): string[] {
  const last = ticksMs.at(-1) ?? 0;
  const seconds = last >= 5_000;
  return ticksMs.map((tick, index) => {
    const text = String(Number((seconds ? tick / 1000 : tick).toPrecision(6)));
    return index === ticksMs.length - 1 ? `${text} ${seconds ? 's' : 'ms'}` : text;
  });
}
