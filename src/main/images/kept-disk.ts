/**
 * The disk on which a container's machine keeps what is written: a sparse file with an ext4, made once and grown
 * when it is to be larger. Never shrunk and never made anew while there is one.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, stat, truncate } from 'node:fs/promises';
import { delimiter, dirname } from 'node:path';
import { promisify } from 'node:util';
import { AppError } from '../../shared/index.ts';

const run = promisify(execFile);
const mib = 1024 * 1024;
const deadlineMs = 60_000;

/**
 * @param path where it is or shall be.
 * @throws AppError `tool_missing`, `disk_full`, `permission_denied`.
 */
export async function ensureKeptDisk(path: string, sizeMiB: number): Promise<void> {
  const wanted = sizeMiB * mib;
  const temporary = `${path}.${randomUUID()}.new`;
  try {
    const found = await sizeOf(path);
    if (found !== null) {
      // The guest grows the file system to the disk when it mounts it.
      if (found < wanted) await truncate(path, wanted);
      return;
    }
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(temporary, 'wx', 0o600);
    await file.truncate(wanted);
    await file.close();
    await format(temporary);
    await flush(temporary);
    await rename(temporary, path);
    await flush(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw explain(error, path);
  }
}

/** Inodes and the journal are written when they are needed, so that a large disk costs nothing at first. */
async function format(path: string): Promise<void> {
  const options = 'lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0';
  await run('mke2fs', ['-q', '-F', '-t', 'ext4', '-b', '4096', '-m', '0', '-E', options, path], {
    timeout: deadlineMs,
    // Debian keeps it where an ordinary user's PATH does not lead.
    env: {
      ...process.env,
      LC_ALL: 'C',
      PATH: [process.env['PATH'], '/usr/sbin', '/sbin'].filter(Boolean).join(delimiter),
    },
  });
}

/** Null only where nothing is: what cannot be looked at is never made anew. */
async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function explain(error: unknown, path: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') {
    return new AppError(
      'tool_missing',
      'A kept disk needs mke2fs, which is not installed: install the package “e2fsprogs”.',
      { cause: error, details: { tool: 'mke2fs' } },
    );
  }
  if (code === 'ENOSPC' || code === 'EDQUOT' || /No space left/.test(message)) {
    return new AppError('disk_full', `The disk is full: “${path}” could not be made.`, {
      cause: error,
      details: { path },
    });
  }
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
    return new AppError('permission_denied', `Nandu may not write “${path}”.`, { cause: error });
  }
  return error;
}
