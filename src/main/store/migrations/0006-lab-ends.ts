/**
 * Owns the sixth layout: why an experiment does not go on, and how its boots can be counted without being read.
 * Must never change once released: a later layout is a later migration.
 */
import type { Migration } from './migration.ts';

/** A result is some KiB of JSON: the index has what a list of experiments asks of it. A damaged one stays. */
export const labEnds: Migration = {
  version: 6,
  sql: `
    ALTER TABLE experiments ADD COLUMN reason TEXT;
    ALTER TABLE lab_results ADD COLUMN failed INTEGER
      GENERATED ALWAYS AS (
        CASE WHEN json_valid(result) THEN json_extract(result, '$.failure') IS NOT NULL ELSE 1 END
      ) VIRTUAL;
    CREATE INDEX lab_results_failed ON lab_results (experiment_id, variant, failed);
  `,
};
