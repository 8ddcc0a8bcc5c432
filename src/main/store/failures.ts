/**
 * Owns the translation of SQLite's failures into errors that say what to do.
 * Must never hide one: what it does not know passes through as it was thrown.
 */
import { AppError } from '../../shared/index.ts';

/** The code of an SqliteError or a Node system error; empty for anything else. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

/** Whether a UNIQUE constraint was violated: of `column`, given as SQLite names it, `table.column`. */
export function isUniqueViolation(error: unknown, column: string): boolean {
  return (
    codeOf(error) === 'SQLITE_CONSTRAINT_UNIQUE' && (error as Error).message.endsWith(`: ${column}`)
  );
}

export function isForeignKeyViolation(error: unknown): boolean {
  return codeOf(error) === 'SQLITE_CONSTRAINT_FOREIGNKEY';
}

/**
 * Whether the file is damaged: SQLite says so, or its tables are not those of the layout that it
 * says it has. Also when that was explained already.
 */
export function isDamage(error: unknown): boolean {
  const found = error instanceof AppError ? error.cause : error;
  if (codeOf(found) === 'SQLITE_ERROR') return brokenLayout.test((found as Error).message);
  return /^SQLITE_(?:CORRUPT|NOTADB)/.test(codeOf(found));
}

const brokenLayout =
  /^(?:unsupported file format|no such (?:table|column)|table \S+ (?:already exists|has no column)|index \S+ already exists|duplicate column name)/;

/**
 * Runs `work` on the database at `path`.
 * @throws AppError `disk_full`, `permission_denied`, `database_busy`, or `internal` for a damaged
 *   file; anything else as it is. Codes: https://sqlite.org/rescode.html
 */
export function withFailuresExplained<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explain(error, path);
  }
}

function explain(error: unknown, path: string): unknown {
  if (error instanceof AppError) return error;
  const code = codeOf(error);
  const options = { cause: error, details: { path, sqliteCode: code } };
  // SHMSIZE: there was no room to enlarge the index of the write-ahead log.
  if (/^(?:SQLITE_FULL|SQLITE_IOERR_SHMSIZE|ENOSPC|EDQUOT)$/.test(code)) {
    return new AppError(
      'disk_full',
      `The disk is full: Nandu cannot write its database “${path}”. Free some space and try again.`,
      options,
    );
  }
  if (/^(?:SQLITE_(?:READONLY|CANTOPEN|PERM|AUTH)|EACCES$|EPERM$|EROFS$)/.test(code)) {
    return new AppError(
      'permission_denied',
      `Nandu may not open or write its database “${path}”. Check who owns that file and its folder.`,
      options,
    );
  }
  if (isDamage(error)) {
    return new AppError(
      'internal',
      `The database “${path}” is damaged. Restart Nandu: it then puts its newest good backup in that file’s place.`,
      options,
    );
  }
  if (/^SQLITE_(?:BUSY|LOCKED)/.test(code)) {
    return new AppError(
      'database_busy',
      `Another program holds the database “${path}”. Close it and try again.`,
      options,
    );
  }
  return error;
}
