/**
 * Owns the fifth layout: the boot lab's experiments and their results.
 * Must never change once released: a later layout is a later migration.
 */
import type { Migration } from './migration.ts';

/** Results lie apart from their experiment: each is written once, when its boot is over. */
export const lab: Migration = {
  version: 5,
  sql: `
    CREATE TABLE experiments (
      id TEXT PRIMARY KEY,
      created_at_ms REAL NOT NULL,
      state TEXT NOT NULL,
      plan TEXT NOT NULL CHECK (json_valid(plan)),
      seed INTEGER NOT NULL,
      host TEXT NOT NULL,
      commands TEXT NOT NULL CHECK (json_valid(commands))
    ) STRICT;

    CREATE TABLE lab_results (
      experiment_id TEXT NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
      round INTEGER NOT NULL,
      variant INTEGER NOT NULL,
      result TEXT NOT NULL CHECK (json_valid(result)),
      PRIMARY KEY (experiment_id, round, variant)
    ) STRICT;
  `,
};
