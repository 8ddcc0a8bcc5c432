/**
 * Owns how SQLite is loaded and connected to a file.
 * Must never decide which file that may be, or change one that it connects to.
 */
import SqliteDatabase, { type Database } from 'better-sqlite3';

/** For so long a call waits for another process's lock, and the app's main thread with it. */
const busyTimeoutMs = 500;

/** How to load SQLite. */
export interface Loading {
  /** The file of a better-sqlite3 built for this runtime; without it the prebuilt one is loaded. */
  readonly nativeBinding?: string;
}

/**
 * @param access a file that is only read must exist; if it is in WAL mode, `-wal` and `-shm` stay behind.
 * @throws SqliteError; damage often shows only in the first query.
 */
export function connect(
  path: string,
  { nativeBinding }: Loading,
  access: 'read' | 'write',
): Database {
  return new SqliteDatabase(path, {
    ...(nativeBinding === undefined ? {} : { nativeBinding }),
    timeout: busyTimeoutMs,
    readonly: access === 'read',
    fileMustExist: access === 'read',
  });
}

/** Connects to a copy in memory of a file's bytes, of which those about WAL are changed. */
export function connectToBytes(bytes: Buffer, { nativeBinding }: Loading): Database {
  // Nothing in memory can be in WAL mode; https://sqlite.org/fileformat2.html#file_format_version_numbers
  bytes.fill(1, 18, 20);
  return new SqliteDatabase(bytes, nativeBinding === undefined ? {} : { nativeBinding });
}
