/**
 * Owns the way from a stored row to a typed value and the report on one that cannot be read.
 * Must never delete or repair such a row: it may be all that is left of a person's work.
 */
import { z } from 'zod';

/** A row that does not hold what its table should. */
export interface RowProblem {
  readonly table:
    | 'machines'
    | 'runs'
    | 'journal'
    | 'settings'
    | 'probes'
    | 'machine_secrets'
    | 'registries'
    | 'experiments'
    | 'lab_results';
  /** The row's key. */
  readonly id: string;
  /** What is wrong with it, for a log. */
  readonly message: string;
}

/** What became of a row. */
export type ParsedRow<T> = { ok: true; value: T } | { ok: false; problem: RowProblem };

/**
 * @param make builds the value to check; JSON that cannot be parsed counts as a problem, too.
 */
export function parseRow<T>(
  table: RowProblem['table'],
  id: string,
  schema: z.ZodType<T>,
  make: () => unknown,
): ParsedRow<T> {
  let raw: unknown;
  try {
    raw = make();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { ok: false, problem: { table, id, message: error.message } };
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, problem: { table, id, message: z.prettifyError(parsed.error) } };
}
