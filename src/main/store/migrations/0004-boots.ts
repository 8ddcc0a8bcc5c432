/**
 * Owns the fourth layout: notes and baselines of runs; a boot's first phase was split in two.
 * Must never change once released: a later layout is a later migration.
 */
import type { Migration } from './migration.ts';

/** What was measured as one span keeps the name of its first part, as everywhere. */
export const boots: Migration = {
  version: 4,
  sql: `
    ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN baseline INTEGER NOT NULL DEFAULT 0 CHECK (baseline IN (0, 1));
    CREATE UNIQUE INDEX runs_baseline ON runs (machine_id) WHERE baseline = 1;
    UPDATE runs SET boot = replace(boot, '"name":"qemu-start"', '"name":"process-start"')
      WHERE boot IS NOT NULL AND json_valid(boot);
  `,
};
