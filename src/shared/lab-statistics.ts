/**
 * What an experiment says: each variant's figures, and by how much it differs from the first, with how much certainty.
 * Pure. Never drops a boot that counts: outliers are marked, and medians do not follow them.
 */
import type { LabPlan, LabResult } from './lab.ts';

/** Resamples of a bootstrap; more make the interval no truer, only smoother. */
const resamples = 2_000;
/** An interval of fewer pairs would claim what nobody can know. */
export const fewestPairs = 5;
/** Tukey's fences: farther than this many interquartile ranges outside of the middle half. */
const fence = 1.5;

/** One variant's boots that count, milliseconds from spawn to ready. */
export interface VariantFigures {
  readonly variant: number;
  readonly times: readonly {
    readonly round: number;
    readonly ms: number;
    readonly outlier: boolean;
  }[];
  readonly failures: number;
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
  /** From the first variant to this one; null for the first, and where there are too few pairs. */
  readonly difference: Difference | null;
}

/** Negative is faster. */
export interface Difference {
  readonly medianMs: number;
  /** Within these 95 of 100 such experiments would find it. */
  readonly lowMs: number;
  readonly highMs: number;
  readonly pairs: number;
}

/** @param random numbers from 0 (included) to 1. */
export function figuresOf(
  plan: LabPlan,
  results: readonly LabResult[],
  random: () => number,
): VariantFigures[] {
  const counted = results.filter(({ round }) => round >= plan.warmUps);
  const timesOf = (variant: number): Map<number, number> =>
    new Map(
      counted
        .filter((result) => result.variant === variant && result.failure === null)
        .flatMap(({ round, boot }) => (boot === null ? [] : [[round, boot.totalMs] as const])),
    );
  const first = timesOf(0);
  return plan.variants.map((_, variant) => {
    const times = timesOf(variant);
    const sorted = [...times.values()].sort((a, b) => a - b);
    const [low, high] = [quantileOf(sorted, 0.25), quantileOf(sorted, 0.75)];
    const reach = (high - low) * fence;
    const pairs = [...times].flatMap(([round, ms]) => {
      const other = first.get(round);
      return other === undefined ? [] : [ms - other];
    });
    return {
      variant,
      times: [...times]
        .sort(([one], [other]) => one - other)
        .map(([round, ms]) => ({ round, ms, outlier: ms < low - reach || ms > high + reach })),
      failures: counted.filter((result) => result.variant === variant && result.failure !== null)
        .length,
      medianMs: sorted.length === 0 ? null : quantileOf(sorted, 0.5),
      p95Ms: sorted.length === 0 ? null : quantileOf(sorted, 0.95),
      difference: variant === 0 ? null : differenceOf(pairs, random),
    };
  });
}

/**
 * The median of differences within a round, so that what drifts from round to round cancels out, and its
 * bootstrap percentile interval (Efron & Tibshirani, "An Introduction to the Bootstrap", chapter 13).
 */
export function differenceOf(pairs: readonly number[], random: () => number): Difference | null {
  if (pairs.length < fewestPairs) return null;
  const medians: number[] = [];
  for (let turn = 0; turn < resamples; turn++) {
    const sample = pairs.map(() => pairs[Math.floor(random() * pairs.length)] ?? Number.NaN);
    medians.push(
      quantileOf(
        sample.sort((a, b) => a - b),
        0.5,
      ),
    );
  }
  medians.sort((a, b) => a - b);
  return {
    medianMs: quantileOf(
      [...pairs].sort((a, b) => a - b),
      0.5,
    ),
    lowMs: quantileOf(medians, 0.025),
    highMs: quantileOf(medians, 0.975),
    pairs: pairs.length,
  };
}

/** A difference in a plain sentence. */
export function sayDifference(name: string, difference: Difference | null): string {
  if (difference === null) return `${name}: too few boots to compare (${fewestPairs} are needed).`;
  const { medianMs, lowMs, highMs } = difference;
  if (lowMs <= 0 && highMs >= 0) {
    return `${name}: no difference can be told; it lies between ${seconds(-lowMs)} faster and ${seconds(highMs)} slower, 95 % sure.`;
  }
  const bounds = [Math.abs(lowMs), Math.abs(highMs)].sort((a, b) => a - b);
  return `${name}: ${seconds(Math.abs(medianMs))} ${medianMs < 0 ? 'faster' : 'slower'}, 95 % sure between ${bounds.map((ms) => seconds(ms)).join(' and ')}.`;
}

function seconds(ms: number): string {
  return ms < 100 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** Type 7, as everywhere; NaN for none. @param sorted ascending. */
function quantileOf(sorted: readonly number[], probability: number): number {
  const rank = (sorted.length - 1) * probability;
  const index = Math.floor(rank);
  const lower = sorted[index] ?? Number.NaN;
  const upper = sorted[index + 1] ?? lower;
  return lower + (upper - lower) * (rank - index);
}
