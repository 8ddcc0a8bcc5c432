/**
 * Owns how a database comes from any older layout to the newest: in order, each step whole or not at all.
 * Must never run on a database that is newer than the list it is given.
 */
import type { Database } from 'better-sqlite3';

/** One step. Versions count from 1 without a gap and are kept in the database's `user_version`. */
export interface Migration {
  readonly version: number;
  readonly sql: string;
}

/**
 * Applies what is missing, each step in its own transaction together with its version number, so
 * that a failure or a crash leaves the layout before it. A row that breaks a rule of its table is no
 * failure: SQLite would add no column beside it, and whoever reads it reports it.
 * @throws SqliteError of the step that failed, rolled back.
 */
export function migrate(connection: Database, migrations: readonly Migration[]): void {
  connection.pragma('ignore_check_constraints = ON');
  for (const { version, sql } of migrations) {
    const step = connection.transaction(() => {
      // Read inside: another process may have done this step while we waited for the lock.
      if (Number(connection.pragma('user_version', { simple: true })) >= version) return;
      connection.exec(sql);
      connection.pragma(`user_version = ${version}`);
    });
    step.immediate();
  }
  connection.pragma('ignore_check_constraints = OFF');
}
