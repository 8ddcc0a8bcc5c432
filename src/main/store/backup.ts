/**
 * Owns the copies of the database that are kept beside it, `nandu.db.backup-1` the newest.
 * Must never let a copy that was not checked take the place of a good one.
 */
import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import { AppError } from '../../shared/index.ts';
import type { NanduDatabase } from './database.ts';
import { backupName, flushToDisk, renameIfThere } from './files.ts';
import { findFault } from './health.ts';

/**
 * Writes a consistent copy, mode 0600, and moves the older ones on by one. When it fails, all older
 * ones are still there. Costs next to nothing when nothing changed since the last call.
 * @param options.keep how many copies to keep.
 * @returns whether there was anything new to copy.
 * @throws AppError as `NanduDatabase.run` does, `internal` too when the copy is not sound.
 */
export function backUp(database: NanduDatabase, { keep }: { keep: number }): boolean {
  const { path, connection } = database;
  return database.run(() => {
    const changes = changesIn(connection);
    if (database.backedUp === changes && existsSync(backupName(path, 1))) return false;
    const copy = `${path}.backup-new`;
    try {
      rmSync(copy, { force: true });
      // SQLite takes an empty file, and would make one that all can read.
      closeSync(openSync(copy, 'wx', 0o600));
      connection.prepare('VACUUM INTO ?').run(copy);
      verify(database, copy);
      flushToDisk(copy);
      rotate(path, copy, keep);
    } catch (error) {
      rmSync(copy, { force: true });
      throw error;
    }
    flushToDisk(dirname(path));
    database.backedUp = changes;
    return true;
  });
}

/** Differs after every change through this connection and through others. */
function changesIn(connection: Database): string {
  const own = connection.prepare('SELECT total_changes()').pluck().get();
  return `${String(own)} ${String(connection.pragma('data_version', { simple: true }))}`;
}

/** Quickly: SQLite makes all indexes of a copy anew. */
function verify(database: NanduDatabase, copy: string): void {
  const connection = database.connectTo(copy);
  try {
    const wrong = ['application_id', 'user_version'].find(
      (name) =>
        connection.pragma(name, { simple: true }) !==
        database.connection.pragma(name, { simple: true }),
    );
    const fault =
      wrong === undefined ? findFault(connection, 'quick_check') : `Its ${wrong} is another one.`;
    if (fault === null) return;
    throw new AppError(
      'internal',
      `A backup of the database “${database.path}” is not sound, and was not kept: ${fault}`,
      { details: { path: database.path } },
    );
  } finally {
    connection.close();
  }
}

/** Moves on only as far as the first free place: a crash half way costs no backup. */
function rotate(path: string, copy: string, keep: number): void {
  let free = 1;
  while (free < keep && existsSync(backupName(path, free))) free++;
  for (let number = free; number > 1; number--) {
    renameIfThere(backupName(path, number - 1), backupName(path, number));
  }
  renameIfThere(copy, backupName(path, 1));
}
