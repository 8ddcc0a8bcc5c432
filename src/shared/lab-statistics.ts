/**
 * What an experiment says: each variant's figures, and by how much it differs from the first, with how much certainty.
 * Pure. Never drops a boot that counts: outliers are marked, and medians do not follow them.
 */
import { phaseNames, type PhaseName } from './boot.ts';
import type { Experiment, LabPlan, LabResult } from './lab.ts';
import type { LabGap } from './lab-schedule.ts';
import { median, medianInterval, quantile } from './statistics.ts';

/** How sure differences are said to be, of each one by itself. */
const confidence = 0.95;
/** The fewest pairs with an interval that is so sure: that of five could be 93.75 % sure at most. */
export const fewestPairs = 6;
/** Fewer boots have no twentieth part. */
export const fewestForP95 = 20;
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
  readonly longestMs: number | null;
  /** Null for fewer than {@link fewestForP95} boots: of those it would be the longest or little else. */
  readonly p95Ms: number | null;
  /** From the first variant to this one; null for the first, and where there are too few pairs. */
  readonly difference: Difference | null;
}

/** Negative is faster. */
export interface Difference {
  readonly medianMs: number;
  /** At least 95 of 100 such intervals have the true median of the differences between these. */
  readonly lowMs: number;
  readonly highMs: number;
  readonly pairs: number;
}

/** @param sure how sure the differences are, see {@link differenceOf}. */
export function figuresOf(
  plan: LabPlan,
  results: readonly LabResult[],
  sure: number = confidence,
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
    const all = [...times.values()];
    const [low, high] = [quantile(all, 0.25), quantile(all, 0.75)];
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
      medianMs: all.length === 0 ? null : median(all),
      longestMs: all.length === 0 ? null : Math.max(...all),
      p95Ms: all.length < fewestForP95 ? null : quantile(all, 0.95),
      difference: variant === 0 ? null : differenceOf(pairs, sure),
    };
  });
}

/**
 * The median of differences within a round, so that what drifts from round to round cancels out, and its exact,
 * distribution-free interval ({@link medianInterval}). Not a bootstrap's: of so few boots that covers less than
 * it says (87.5 % of 7 pairs, 90.8 % of 13).
 * @param sure the probability, at least, that the interval has the true median in it.
 * @returns null for too few pairs; {@link fewestPairs} are enough for 95 %.
 */
export function differenceOf(
  pairs: readonly number[],
  sure: number = confidence,
): Difference | null {
  const interval = medianInterval(pairs, sure);
  if (interval === null) return null;
  const { low, high } = interval;
  return { medianMs: median(pairs), lowMs: low, highMs: high, pairs: pairs.length };
}

/** How long a phase took, in the middle. */
export interface PhaseMedian {
  readonly name: PhaseName;
  readonly ms: number;
}

/**
 * The phases of a variant's boots that count, in their order; none for a variant that was never ready. Medians of
 * phases need not add up to the median of the whole.
 */
export function phaseMedians(
  { plan, results }: Pick<Experiment, 'plan' | 'results'>,
  variant: number,
): PhaseMedian[] {
  const boots = results.flatMap((result) =>
    result.variant === variant && result.round >= plan.warmUps && result.failure === null
      ? (result.boot ?? [])
      : [],
  );
  return phaseNames.flatMap((name) => {
    const all = boots.flatMap(
      ({ phases }) => phases.find((phase) => phase.name === name)?.durationMs ?? [],
    );
    return all.length === 0 ? [] : [{ name, ms: median(all) }];
  });
}

const gapSentences: Record<LabGap, string> = {
  'never ready': 'never ready, so there is nothing to compare',
  'no reference': 'nothing to compare with, as the reference was never ready',
  'too few': `too few boots to compare (${fewestPairs} are needed)`,
};

/** A difference in a plain sentence. @param gap why there is none, where there is none. */
export function sayDifference(
  name: string,
  difference: Difference | null,
  gap: LabGap = 'too few',
): string {
  if (difference === null) return `${name}: ${gapSentences[gap]}.`;
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
