/**
 * Owns the look at a file before it is opened as our database: whose is it, and how new.
 * Must never write to it or leave anything beside it.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { AppError } from '../../shared/index.ts';

/** "NNDU" in SQLite's `application_id`, by which file(1) and we tell our databases from others. */
export const applicationId = 0x4e4e4455;

const headerBytes = 100;
const magic = 'SQLite format 3\0';

/** What a database says of itself. */
interface Identity {
  readonly applicationId: number;
  readonly userVersion: number;
  /** Nothing was ever created in it. */
  readonly blank: boolean;
}

/**
 * Looks at the file at `path`, which may be absent.
 * @param newestVersion the newest layout that this Nandu knows.
 * @param openReadOnly opens it without the right to write; only used when a write-ahead log holds
 *   newer pages than the file, because a read-only connection leaves its lock files behind.
 * @throws AppError `database_newer`, or `invalid_input` for a file that is not ours.
 */
export function checkIdentity(
  path: string,
  newestVersion: number,
  openReadOnly: () => Database,
): void {
  if (sizeOf(path) === 0) return;
  const identity = readHeader(path);
  if (identity === null) throw notOurs(path);
  refuse(path, newestVersion, sizeOf(`${path}-wal`) > 0 ? readThroughLog(openReadOnly) : identity);
}

function refuse(path: string, newestVersion: number, found: Identity): void {
  if (found.applicationId !== applicationId && !found.blank) throw notOurs(path);
  if (found.userVersion > newestVersion) {
    throw new AppError(
      'database_newer',
      `The database “${path}” was made by a newer Nandu (layout ${found.userVersion}; this one knows ` +
        `up to ${newestVersion}). Update Nandu, or set NANDU_DATA_DIR to another folder. ` +
        'The file was not changed.',
      { details: { path, version: found.userVersion, newestVersion } },
    );
  }
}

function notOurs(path: string): AppError {
  return new AppError(
    'invalid_input',
    `“${path}” is not a Nandu database. Move that file away, or set NANDU_DATA_DIR to another folder.`,
    { details: { path } },
  );
}

/** Whether the file starts as an SQLite database does. @throws Error when it cannot be read. */
export function isDatabase(path: string): boolean {
  return readHeader(path) !== null;
}

/** Whether SQLite can write such a database; with an unknown format it would only read it. */
export function hasKnownFormat(path: string): boolean {
  return [1, 2].includes(readHeader(path)?.writeVersion ?? 0);
}

/** In bytes. @returns 0 for a file that does not exist. @throws Error when that cannot be told. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Reads the first page's header; https://sqlite.org/fileformat2.html#the_database_header */
function readHeader(path: string): (Identity & { readonly writeVersion: number }) | null {
  const header = Buffer.alloc(headerBytes);
  const file = openSync(path, 'r');
  try {
    if (readSync(file, header, 0, headerBytes, 0) < headerBytes) return null;
  } finally {
    closeSync(file);
  }
  if (header.toString('latin1', 0, magic.length) !== magic) return null;
  const found = { userVersion: header.readInt32BE(60), applicationId: header.readUInt32BE(68) };
  // One page holds the empty schema; the first table takes a second one.
  const blank =
    header.readUInt32BE(28) <= 1 && found.userVersion === 0 && found.applicationId === 0;
  return { ...found, blank, writeVersion: header.readUInt8(18) };
}

function readThroughLog(openReadOnly: () => Database): Identity {
  const connection = openReadOnly();
  try {
    const read = (name: string): number => Number(connection.pragma(name, { simple: true }));
    const found = {
      applicationId: read('application_id') >>> 0,
      userVersion: read('user_version'),
    };
    const tables = connection.prepare('SELECT count(*) FROM sqlite_schema').pluck().get();
    const blank = tables === 0 && found.userVersion === 0 && found.applicationId === 0;
    return { ...found, blank };
  } finally {
    connection.close();
  }
}
