/**
 * Owns the question whether a database file is whole.
 * Must never write to one, and never call damaged what belongs to another program or a newer Nandu.
 */
import { readFileSync, statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { AppError } from '../../shared/index.ts';
import { connect, connectToBytes } from './connect.ts';
import type { DatabaseOptions } from './database.ts';
import { isDamage } from './failures.ts';
import { checkIdentity, hasKnownFormat, isDatabase, sizeOf } from './identity.ts';
import { newestVersion } from './migrations/all.ts';

/** No Nandu to come has more layouts. */
const largestVersion = 10_000;

/** A file larger than this is not read to find out whose it is. */
const largestReadBytes = 256 * 1024 * 1024;

/**
 * Looks for damage of the file. A row with nonsense in it is none: the others are as good as ever, and
 * whoever reads that one reports it.
 * @param check the thorough one also compares indexes with their tables, for half as much time again.
 * @returns the first thing that it finds, null when all is well.
 * @throws SqliteError, {@link isDamage} where it cannot even look.
 */
export function findFault(
  connection: Database,
  check: 'quick_check' | 'integrity_check',
): string | null {
  connection.pragma('ignore_check_constraints = ON'); // as with any connection that only reads
  const found = String(connection.pragma(`${check}(1)`, { simple: true }));
  // Above the fault there may be a line that names the database.
  return found === 'ok' ? null : (found.split('\n').at(-1) ?? found);
}

/**
 * Looks at the database that is to be opened.
 * @returns what is wrong with the file, a sentence for a person; null when it is whole, or there is none.
 * @throws AppError `database_newer`, `invalid_input` for another program's database; anything else
 *   that keeps SQLite from reading it as it is.
 */
export function damageOf(options: DatabaseOptions): string | null {
  const { path } = options;
  const file = statSync(path, { throwIfNoEntry: false });
  if (file === undefined) {
    return sizeOf(`${path}-wal`) > 0 ? 'The file is gone, only its latest changes are left.' : null;
  }
  if (!file.isFile()) return null; // opening it says what is the matter
  if (file.size === 0) return 'The file is empty.';
  if (!isDatabase(path)) return 'The file is not a database.';
  try {
    return damageInside(options);
  } catch (error) {
    return describeDamage(error);
  }
}

function damageInside(options: DatabaseOptions): string | null {
  const { path } = options;
  const read = (): Database => connect(path, options, 'read');
  try {
    checkIdentity(path, newestVersion, read);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const overwritten =
      error.code === 'database_newer'
        ? Number(error.details['version']) > largestVersion
        : error.code === 'invalid_input' && isOurs(options);
    if (overwritten) return 'The marks that say whose the file is were overwritten.';
    throw error;
  }
  if (!hasKnownFormat(path)) return 'The file says that its format is unknown.';
  // After a crash in the file's first moments, SQLite must take a change back before it can read.
  const unfinished = sizeOf(`${path}-journal`) > 0;
  const connection = unfinished ? connect(path, options, 'write') : read();
  try {
    const fault = findFault(connection, 'integrity_check');
    return fault === null ? null : `SQLite says: ${fault}.`;
  } finally {
    connection.close();
  }
}

/** @returns what is wrong with the file, a sentence for a person. @throws error when it is no damage. */
export function describeDamage(error: unknown): string {
  if (!isDamage(error)) throw error;
  const found: unknown = error instanceof AppError ? error.cause : error;
  return `SQLite says: ${found instanceof Error ? found.message : String(found)}.`;
}

/**
 * Whether a database without our mark has our tables nevertheless. Reads a copy in memory, since
 * SQLite would leave files beside another program's database.
 * @throws SqliteError where not even its list of tables can be read.
 */
function isOurs(options: DatabaseOptions): boolean {
  if (sizeOf(options.path) > largestReadBytes) return false;
  const connection = connectToBytes(readFileSync(options.path), options);
  try {
    const names = connection.prepare('SELECT name FROM sqlite_schema').pluck().all();
    return ['machines', 'runs', 'settings', 'probes'].every((name) => names.includes(name));
  } finally {
    connection.close();
  }
}
