/**
 * Owns the list of all migrations, oldest first.
 * Must never lose or reorder an entry.
 */
import { initial } from './0001-initial.ts';
import { journal } from './0002-journal.ts';
import { secrets } from './0003-secrets.ts';
import { boots } from './0004-boots.ts';
import { lab } from './0005-lab.ts';
import { labEnds } from './0006-lab-ends.ts';
import { bootFiles } from './0007-boot-files.ts';
import type { Migration } from './migration.ts';

export const migrations: readonly Migration[] = [
  initial,
  journal,
  secrets,
  boots,
  lab,
  labEnds,
  bootFiles,
];

/** The newest layout that this Nandu knows. */
export const newestVersion = bootFiles.version;
