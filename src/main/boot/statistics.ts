/**
 * Owns the few robust statistics by which boots are compared.
 * Must never invent a figure for an empty sample: its types demand at least one value.
 */

/** A sample with at least one value. */
export type NonEmpty = readonly [number, ...number[]];

/** @returns whether there is anything to compute; the way from any list to a {@link NonEmpty}. */
export function isNonEmpty(values: readonly number[]): values is NonEmpty {
  return values.length > 0;
}

/** What a sample looks like; all in the unit of the values, except `count`. */
export interface Spread {
  readonly count: number;
  readonly min: number;
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
  readonly p95: number;
  readonly max: number;
  /** Median absolute deviation, not scaled to a standard deviation. */
  readonly mad: number;
}

/**
 * The quantile of type 7, which R, NumPy and spreadsheets use by default: linear between the
 * neighbours of rank (n - 1)p. Hyndman & Fan, "Sample Quantiles in Statistical Packages", 1996.
 * @param probability from 0 (the minimum) to 1 (the maximum).
 * @throws RangeError for a probability outside of that, or a value that is not a finite number.
 */
export function quantile(values: NonEmpty, probability: number): number {
  return quantileOfSorted(sorted(values), probability);
}

/**
 * The middle value; the mean of the two middle ones of an even count.
 * @throws RangeError for a value that is not a finite number.
 */
export function median(values: NonEmpty): number {
  return quantile(values, 0.5);
}

/**
 * The median of the distances from the median: a spread that a few slow boots cannot pull up.
 * Not scaled; times 1.4826 it estimates the standard deviation of normally distributed values.
 * @throws RangeError for a value that is not a finite number.
 */
export function medianAbsoluteDeviation(values: NonEmpty): number {
  const middle = median(values);
  const [first, ...others] = values;
  return median([Math.abs(first - middle), ...others.map((value) => Math.abs(value - middle))]);
}

/**
 * All of it at once.
 * @throws RangeError for a value that is not a finite number.
 */
export function spread(values: NonEmpty): Spread {
  const ascending = sorted(values);
  return {
    count: values.length,
    min: quantileOfSorted(ascending, 0),
    q1: quantileOfSorted(ascending, 0.25),
    median: quantileOfSorted(ascending, 0.5),
    q3: quantileOfSorted(ascending, 0.75),
    p95: quantileOfSorted(ascending, 0.95),
    max: quantileOfSorted(ascending, 1),
    mad: medianAbsoluteDeviation(values),
  };
}

function sorted(values: NonEmpty): Float64Array {
  if (!values.every(Number.isFinite)) {
    throw new RangeError('A statistic needs finite numbers.');
  }
  return Float64Array.from(values).sort();
}

function quantileOfSorted(ascending: Float64Array, probability: number): number {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`A probability lies between 0 and 1; ${probability} does not.`);
  }
  const rank = (ascending.length - 1) * probability;
  const index = Math.floor(rank);
  // Both indices lie within a sample that is not empty; NaN is for the compiler alone.
  const lower = ascending[index] ?? Number.NaN;
  const upper = ascending[index + 1] ?? lower;
  return lower + (upper - lower) * (rank - index);
}
