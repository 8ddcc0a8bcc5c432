/**
 * The few order statistics by which boots are summed up and compared, the same in both processes. Pure.
 * Must never claim more certainty than a sample bears out: where it is too small for an interval, there is none.
 */

/**
 * The quantile of type 7, which R, NumPy and spreadsheets use by default: linear between the
 * neighbours of rank (n - 1)p. Hyndman & Fan, "Sample Quantiles in Statistical Packages", 1996.
 * @param probability from 0 (the minimum) to 1 (the maximum).
 * @returns NaN for no values.
 * @throws RangeError for a probability outside of that, or a value that is not a finite number.
 */
export function quantile(values: readonly number[], probability: number): number {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`A probability lies between 0 and 1; ${probability} does not.`);
  }
  const sorted = ascending(values);
  const rank = (sorted.length - 1) * probability;
  const index = Math.floor(rank);
  const lower = sorted[index] ?? Number.NaN;
  const upper = sorted[index + 1] ?? lower;
  return lower + (upper - lower) * (rank - index);
}

/** The middle value; the mean of the two middle ones of an even count. As {@link quantile}. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** An interval for the median of what a sample was drawn from. */
export interface MedianInterval {
  readonly low: number;
  readonly high: number;
  /** The probability that such an interval has the median in it; at least the confidence that was asked for. */
  readonly coverage: number;
}

/**
 * The distribution-free interval of a median: from the k-th smallest to the k-th largest value, with the largest
 * k whose coverage, 1 - 2·P(B < k) for B binomial (n, 1/2), is at least `confidence`. It is exact for any continuous
 * distribution, and covers more where values can be equal. Conover, "Practical Nonparametric Statistics", 3rd
 * edition, section 3.2; Hahn & Meeker, "Statistical Intervals", chapter 5.
 * @param values independent of each other.
 * @param confidence between 0 and 1.
 * @returns null where even the smallest and the largest value do not reach that far apart.
 * @throws RangeError for a value that is not a finite number.
 */
export function medianInterval(
  values: readonly number[],
  confidence: number,
): MedianInterval | null {
  const sorted = ascending(values);
  const count = sorted.length;
  let interval: MedianInterval | null = null;
  let outcomes = 1; // how many of the 2^n ways have just k - 1 of the values below the median
  let tail = 0;
  for (let k = 1; k <= count / 2; k++) {
    tail += outcomes * 2 ** -count;
    const coverage = 1 - 2 * tail;
    if (coverage < confidence) break;
    const [low, high] = [sorted[k - 1], sorted[count - k]];
    if (low !== undefined && high !== undefined) interval = { low, high, coverage };
    outcomes = (outcomes * (count - k + 1)) / k;
  }
  return interval;
}

function ascending(values: readonly number[]): number[] {
  if (!values.every(Number.isFinite)) throw new RangeError('A statistic needs finite numbers.');
  return values.toSorted((a, b) => a - b);
}
