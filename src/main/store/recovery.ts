/**
 * Owns the opening of a database that may be damaged: the good backup that takes its place, or none.
 * Must never delete or change the damaged file, and never touch one that is not ours.
 */
import { chmodSync, copyFileSync, existsSync, linkSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppError } from '../../shared/index.ts';
import { openDatabase, type DatabaseOptions, type NanduDatabase } from './database.ts';
import { withFailuresExplained } from './failures.ts';
import { backupsOf, flushToDisk, logSuffixes, removeDatabase, renameIfThere } from './files.ts';
import { damageOf, describeDamage } from './health.ts';
import { JournalRepository } from './journal-repository.ts';
import { MachineRepository } from './machine-repository.ts';
import { ProbeRepository } from './probe-repository.ts';
import { RegistryRepository } from './registry-repository.ts';
import { RunRepository } from './run-repository.ts';
import { SecretRepository } from './secret-repository.ts';
import { SettingsRepository } from './settings-repository.ts';

const repositories = [
  ...[MachineRepository, RunRepository, JournalRepository],
  ...[SettingsRepository, ProbeRepository, SecretRepository, RegistryRepository],
];

/** As for {@link openDatabase}. */
export interface RecoveryOptions extends DatabaseOptions {
  /** The time that the damaged file's new name tells; by default the clock's. */
  readonly now?: () => Date;
}

/** What was done about a damaged database. */
export interface Recovery {
  /** Where the damaged file lies now; what was beside it has the same name with `-wal` and so on. */
  readonly movedTo: string;
  /** The backup that was taken; null when there was no good one: the database is empty. */
  readonly restoredFrom: string | null;
  /** What was wrong with the file, a sentence for a person. */
  readonly reason: string;
}

/**
 * Opens the database as {@link openDatabase} does. A damaged one is moved aside, and its newest good
 * backup or an empty database takes its place. A crash half way leaves either the damaged file, to be
 * recovered at the next start, or the recovered one.
 * @throws AppError as {@link openDatabase}, but not for damage; then nothing was moved.
 */
export function openOrRecover(options: RecoveryOptions): {
  database: NanduDatabase;
  recovered: Recovery | null;
} {
  const { path } = options;
  return withFailuresExplained(path, () => {
    const opened = openUndamaged(options);
    if (typeof opened !== 'string') return { database: opened, recovered: null };
    const reason = opened;

    const replacement = `${path}.restoring`;
    const restoredFrom = prepareReplacement(options, replacement);
    const movedTo = freeName(path, options.now?.() ?? new Date());
    setAside(path, movedTo, restoredFrom === null ? null : replacement);
    const database = openUndamaged(options);
    if (typeof database !== 'string') {
      return { database, recovered: { movedTo, restoredFrom, reason } };
    }
    throw new AppError('internal', `The database “${path}” is damaged again at once: ${database}`, {
      details: { path },
    });
  });
}

/** @returns the open database, or what is wrong with the file. */
function openUndamaged(options: DatabaseOptions): NanduDatabase | string {
  const damage = damageOf(options);
  if (damage !== null) return damage;
  let database: NanduDatabase | null = null;
  try {
    database = openDatabase(options);
    // They prepare their statements, so that a table or column that is missing shows now.
    for (const Repository of repositories) new Repository(database);
    return database;
  } catch (error) {
    database?.close();
    return describeDamage(error);
  }
}

/** Makes a copy of the newest good backup in today's layout. @returns that backup; null without one. */
function prepareReplacement(options: DatabaseOptions, copy: string): string | null {
  removeDatabase(copy);
  for (const backup of backupsOf(options.path)) {
    try {
      withFailuresExplained(copy, () => {
        copyFileSync(backup, copy);
        chmodSync(copy, 0o600);
      });
      const database = openUndamaged({ ...options, path: copy });
      if (typeof database !== 'string') {
        database.close();
        flushToDisk(copy);
        return backup;
      }
    } catch (error) {
      removeDatabase(copy);
      // With room on the disk this backup may be good. Anything else is this backup's own matter.
      if (error instanceof AppError && error.code === 'disk_full') throw error;
    }
    removeDatabase(copy);
  }
  return null;
}

/** @returns a name that tells the time and that nothing has yet. */
function freeName(path: string, time: Date): string {
  const name = `${path}.damaged-${time.toISOString().replaceAll(':', '')}`;
  const taken = (candidate: string): boolean =>
    ['', ...logSuffixes].some((suffix) => existsSync(candidate + suffix));
  let free = name;
  for (let count = 2; taken(free); count++) free = `${name}-${count}`;
  return free;
}

function setAside(path: string, movedTo: string, replacement: string | null): void {
  // The logs go first: SQLite would apply them to whatever lies under that name.
  for (const suffix of logSuffixes) renameIfThere(path + suffix, movedTo + suffix);
  if (replacement === null) {
    renameIfThere(path, movedTo);
  } else {
    keepUnder(path, movedTo);
    renameSync(replacement, path);
  }
  flushToDisk(dirname(path));
}

/** Gives the file a second name, so that there is one under the first at any moment. */
function keepUnder(path: string, movedTo: string): void {
  try {
    linkSync(path, movedTo);
  } catch {
    // The file system has no such links, or the file is gone.
    renameIfThere(path, movedTo);
  }
}
