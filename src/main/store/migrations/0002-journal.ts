/**
 * Owns the second layout: the journal, and the definitions that runs and edits leave behind.
 * Must never change once released: a later layout is a later migration.
 */
import type { Migration } from './migration.ts';

/** What older rows have not recorded is null. */
export const journal: Migration = {
  version: 2,
  sql: `
    CREATE TABLE journal (
      -- Never used twice, so that the order of writing is the order of ids.
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      machine_id TEXT NOT NULL REFERENCES machines (id) ON DELETE CASCADE,
      run_id TEXT,
      at_ms REAL NOT NULL,
      kind TEXT NOT NULL,
      message TEXT NOT NULL
    ) STRICT;
    CREATE INDEX journal_by_machine ON journal (machine_id, id);

    -- The machine's definition as it was started.
    ALTER TABLE runs ADD COLUMN spec TEXT CHECK (json_valid(spec));
    -- The definition before the last edit.
    ALTER TABLE machines ADD COLUMN previous_spec TEXT CHECK (json_valid(previous_spec));
  `,
};
