/**
 * Round numbers for time axes.
 * Pure; draws nothing.
 */

/** Ticks at 1, 2 or 5 times a power of ten from `from` up to `to`, about `about` of them. */
export function niceTicks(from: number, to: number, about: number): number[] {
  if (!(to > from)) return [Number.isFinite(from) ? from : 0];
  const rough = (to - from) / Math.max(1, about);
  const power = 10 ** Math.floor(Math.log10(rough));
  // The round step whose ratio to the wished one is nearest to 1 (thresholds are geometric means).
  const ratio = rough / power;
  const size = power * (ratio < Math.SQRT2 ? 1 : ratio < 3.16 ? 2 : ratio < 7.07 ? 5 : 10);
  const first = Math.ceil(from / size - 1e-9);
  const last = Math.floor(to / size + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
    Number(((first + index) * size).toPrecision(12)),
  );
}

/** The ticks' texts in one common unit, which only the last one names: “0”, “200”, “400 ms”. */
export function tickTexts(ticksMs: readonly number[]): string[] {
  const last = ticksMs.at(-1) ?? 0;
  const stepMs = last - (ticksMs.at(-2) ?? 0);
  // Seconds only where they need no more than three digits after the point.
  const seconds = last >= 2_000 && stepMs >= 1;
  return ticksMs.map((tick, index) => {
    const text = String(Number((seconds ? tick / 1000 : tick).toPrecision(9)));
    return index === ticksMs.length - 1 ? `${text} ${seconds ? 's' : 'ms'}` : text;
  });
}

/** A moment as exactly as a pixel can show it: “312 ms”, “312.4 ms”, “4,210.25 ms”. */
export function formatMoment(ms: number, msPerPixel: number): string {
  const digits = Math.min(3, Math.max(0, Math.ceil(-Math.log10(Math.max(msPerPixel, 1e-9)))));
  const text = ms.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return `${text} ms`;
}
