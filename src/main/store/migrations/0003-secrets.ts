/**
 * Owns the third layout: encrypted values of machines, and what is remembered of registries.
 * Must never change once released: a later layout is a later migration.
 */
import type { Migration } from './migration.ts';

/** Nothing readable ever stands in a ciphertext: the desktop's secret store has the key. */
export const secrets: Migration = {
  version: 3,
  sql: `
    CREATE TABLE machine_secrets (
      machine_id TEXT NOT NULL REFERENCES machines (id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      ciphertext BLOB NOT NULL,
      PRIMARY KEY (machine_id, name)
    ) STRICT;

    CREATE TABLE registries (
      registry TEXT PRIMARY KEY,
      -- Who signs in; null with its password where nobody is remembered.
      user TEXT,
      ciphertext BLOB,
      -- Whether it may be spoken with unencrypted.
      plain_http INTEGER NOT NULL DEFAULT 0 CHECK (plain_http IN (0, 1)),
      CHECK ((user IS NULL) = (ciphertext IS NULL))
    ) STRICT;
  `,
};
