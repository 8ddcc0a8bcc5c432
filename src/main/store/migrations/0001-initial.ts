/**
 * Owns the first layout of the database.
 * Must never change once released: a later layout is a later migration.
 */
import type { Migration } from './migration.ts';

/** Times are epoch milliseconds, with fraction where the clock has one. */
export const initial: Migration = {
  version: 1,
  sql: `
    CREATE TABLE machines (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      -- SQLite's NOCASE knows ASCII only; this is the name as nameKey() in machine-repository.ts folds it.
      name_key TEXT NOT NULL UNIQUE,
      spec TEXT NOT NULL CHECK (json_valid(spec)),
      created_at_ms REAL NOT NULL,
      updated_at_ms REAL NOT NULL
    ) STRICT;

    CREATE TABLE runs (
      id TEXT PRIMARY KEY,
      machine_id TEXT NOT NULL REFERENCES machines (id) ON DELETE CASCADE,
      number INTEGER NOT NULL CHECK (number > 0),
      started_at_ms REAL NOT NULL,
      ended_at_ms REAL,
      accelerator TEXT NOT NULL,
      qemu_version TEXT NOT NULL,
      argv TEXT NOT NULL CHECK (json_valid(argv)),
      boot TEXT CHECK (json_valid(boot)),
      ending TEXT CHECK (json_valid(ending)),
      -- Milliseconds from spawn to ready; null for a boot that never said so.
      ready_ms REAL GENERATED ALWAYS AS (
        CASE WHEN json_valid(boot) AND json_extract(boot, '$.reached') = 'ready'
          THEN CAST(json_extract(boot, '$.totalMs') AS REAL) END
      ) VIRTUAL,
      UNIQUE (machine_id, number)
    ) STRICT;
    CREATE INDEX runs_unfinished ON runs (started_at_ms) WHERE ending IS NULL;

    CREATE TABLE settings (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      value TEXT NOT NULL CHECK (json_valid(value))
    ) STRICT;

    CREATE TABLE probes (
      key TEXT PRIMARY KEY,
      result TEXT NOT NULL CHECK (json_valid(result)),
      probed_at_ms REAL NOT NULL
    ) STRICT;
  `,
};
