/** Samples as the bench says them: medians and spreads, ratios of neighbours within a round. Pure. */
import { quantile } from '../../src/shared/index.ts';

/** A sample in figures, rounded for reading. */
export interface Figures {
  readonly count: number;
  readonly median: number;
  readonly q1: number;
  readonly q3: number;
  readonly p95: number;
}

export function figuresOf(values: readonly number[]): Figures {
  if (values.length === 0) throw new Error('nothing was measured');
  const at = (probability: number): number => quantile(values, probability);
  return {
    count: values.length,
    ...rounded({ median: at(0.5), q1: at(0.25), q3: at(0.75), p95: at(0.95) }),
  };
}

/** The median ratio of what was measured in the same round, so that a slow moment hits both. */
export function ratioOf(values: readonly number[], others: readonly number[]): Figures {
  return figuresOf(values.map((value, round) => value / (others[round] ?? Number.NaN)));
}

function rounded<T extends Record<string, number>>(values: T): T {
  const entries = Object.entries(values).map(([name, value]) => [
    name,
    Number(value.toPrecision(4)),
  ]);
  return Object.fromEntries(entries) as T;
}

/** Columns in line. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
