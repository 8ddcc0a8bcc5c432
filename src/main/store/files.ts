/**
 * Owns what the store does with files as a whole: names beside the database, and what outlasts a crash.
 * Must never look into one.
 */
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What SQLite keeps beside a database and applies to whatever lies under that name. */
export const logSuffixes = ['-wal', '-shm', '-journal'] as const;

/** Waits until the disk has a file's bytes, or a folder's names. */
export function flushToDisk(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Renames a file, over another one if need be. @returns whether there was one. */
export function renameIfThere(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Removes a database that nobody else knows of, with its logs. */
export function removeDatabase(path: string): void {
  for (const suffix of ['', ...logSuffixes]) rmSync(path + suffix, { force: true });
}

/** The name of the backup of this number; 1 is the newest. */
export function backupName(path: string, number: number): string {
  return `${path}.backup-${number}`;
}

/** The backups of the database at `path`, newest first. */
export function backupsOf(path: string): string[] {
  const prefix = `${basename(path)}.backup-`;
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix))
    .map((name) => ({ name, number: Number(name.slice(prefix.length)) }))
    .filter(({ number }) => Number.isInteger(number) && number > 0)
    .sort((one, other) => one.number - other.number)
    .map(({ name }) => join(dirname(path), name));
}
