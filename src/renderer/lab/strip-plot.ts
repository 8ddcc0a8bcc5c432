/**
 * The strip plot's dots: how they scatter, which one is nearest, and where the keys lead.
 * Pure. Never leaves a boot out.
 */
import type { VariantFigures } from '../../shared/index.ts';

/** One boot's dot. */
export interface PlotDot {
  readonly variant: number;
  readonly round: number;
  readonly ms: number;
  readonly outlier: boolean;
}

/** From −1 to 1, the same for the same round, so that dots of like times lie beside each other. */
export function scatterOf(round: number): number {
  return ((round * 0.618_034 + 0.5) % 1) * 2 - 1;
}

/** The nearest dot of a row; null where it has none. */
export function nearestDot({ variant, times }: VariantFigures, ms: number): PlotDot | null {
  let nearest: PlotDot | null = null;
  for (const time of times) {
    if (!nearest || Math.abs(time.ms - ms) < Math.abs(nearest.ms - ms)) {
      nearest = { variant, ...time };
    }
  }
  return nearest;
}

/** Where a key leads from a dot; null where it leads nowhere. Left and right by time, up and down by variant. */
export function dotAfter(
  figures: readonly VariantFigures[],
  from: PlotDot | null,
  key: string,
): PlotDot | null {
  const rows = figures.filter(({ times }) => times.length > 0);
  const row = rows.findIndex(({ variant }) => variant === from?.variant);
  const current = rows[row];
  if (!from || !current) {
    const first = rows[0];
    return first && /^(Arrow|Home|End)/.test(key) ? (byTime(first)[0] ?? null) : null;
  }
  const dots = byTime(current);
  const at = dots.findIndex(({ round }) => round === from.round);
  switch (key) {
    case 'ArrowLeft':
      return dots[at - 1] ?? null;
    case 'ArrowRight':
      return dots[at + 1] ?? null;
    case 'Home':
      return dots[0] ?? null;
    case 'End':
      return dots.at(-1) ?? null;
    case 'ArrowUp':
    case 'ArrowDown': {
      const next = rows[row + (key === 'ArrowUp' ? -1 : 1)];
      return next ? nearestDot(next, from.ms) : null;
    }
    default:
      return null;
  }
}

function byTime({ variant, times }: VariantFigures): PlotDot[] {
  return times.map((time) => ({ variant, ...time })).sort((a, b) => a.ms - b.ms);
}
