/**
 * Owns the opening and closing of the one SQLite file: its identity, mode, pragmas and layout.
 * Must never touch a file that is not ours or comes from a newer Nandu.
 */
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import { connect, type Loading } from './connect.ts';
import { withFailuresExplained } from './failures.ts';
import { applicationId, checkIdentity } from './identity.ts';
import { migrations } from './migrations/all.ts';
import { migrate, type Migration } from './migrations/migration.ts';
import type { RowProblem } from './rows.ts';

/** Where the database lies and how to load SQLite. */
export interface DatabaseOptions extends Loading {
  readonly path: string;
  /** Hears of every row that cannot be read. By default a process warning. */
  readonly onProblem?: (problem: RowProblem) => void;
}

/** An open database, from which the repositories are made. Whoever opened it closes it. */
export class NanduDatabase {
  readonly path: string;
  /** For this room's repositories only. */
  readonly connection: Database;
  /** For backup.ts only: which changes the newest backup holds; null before the first one. */
  backedUp: string | null = null;
  readonly #options: DatabaseOptions;

  constructor(options: DatabaseOptions, connection: Database) {
    this.path = options.path;
    this.connection = connection;
    this.#options = options;
  }

  /** Connects to another file of this room's, with the same SQLite, to read it. */
  connectTo(path: string): Database {
    return connect(path, this.#options, 'read');
  }

  /** Tells of a row that cannot be read; it stays where it is. */
  report(problem: RowProblem): void {
    (this.#options.onProblem ?? warn)(problem);
  }

  /** @throws AppError as {@link withFailuresExplained} does. */
  run<T>(work: () => T): T {
    return withFailuresExplained(this.path, work);
  }

  /** Closes the file and folds the write-ahead log into it. A second call does nothing. */
  close(): void {
    if (!this.connection.open) return;
    try {
      // Only improves later queries (https://sqlite.org/pragma.html#pragma_optimize): a full disk
      // must not keep the app from closing.
      this.connection.pragma('optimize');
    } catch (error) {
      process.emitWarning(`The database was not optimised: ${String(error)}`, 'NanduStoreWarning');
    } finally {
      this.connection.close();
    }
  }
}

/**
 * Opens the database, made or brought to the newest layout where needed. Its mode is 0600.
 * @throws AppError `database_newer` (file not touched), `invalid_input` for a file that is no Nandu
 *   database, `disk_full`, `permission_denied`, `database_busy`, `internal` for a damaged one.
 */
export function openDatabase(options: DatabaseOptions): NanduDatabase {
  return openWithMigrations(options, migrations);
}

/** As {@link openDatabase}, with another list of layouts: for the specs of migrations. */
export function openWithMigrations(
  options: DatabaseOptions,
  steps: readonly Migration[],
): NanduDatabase {
  const { path } = options;
  return withFailuresExplained(path, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    checkIdentity(path, steps.at(-1)?.version ?? 0, () => connect(path, options, 'read'));
    // SQLite would make it readable for all; its log files take the mode of this one.
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
    const connection = connect(path, options, 'write');
    try {
      // Before WAL, so that the file is ours from its first page on; only once, as each time writes.
      if (connection.pragma('application_id', { simple: true }) !== applicationId) {
        connection.pragma(`application_id = ${applicationId}`);
      }
      connection.pragma('journal_mode = WAL');
      connection.pragma('synchronous = NORMAL');
      connection.pragma('foreign_keys = ON');
      migrate(connection, steps);
      return new NanduDatabase(options, connection);
    } catch (error) {
      connection.close();
      throw error;
    }
  });
}

function warn({ table, id, message }: RowProblem): void {
  process.emitWarning(`Row “${id}” of ${table} cannot be read: ${message}`, 'NanduStoreWarning');
}
