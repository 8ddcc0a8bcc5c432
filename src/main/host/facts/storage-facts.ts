/**
 * How much room there is where Nandu writes, and what its folder for sockets is like.
 * Never makes a folder.
 */
import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError, runIdSchema } from '../../../shared/index.ts';
import { runFiles, type Paths } from '../paths.ts';
import type { FolderSpace, RuntimeFolder } from './doctor-facts.ts';

export function readSpace(paths: Paths): Promise<FolderSpace[]> {
  const folders = [
    ['data', paths.data],
    ['state', paths.state],
    ['cache', paths.guest],
  ] as const;
  return Promise.all(
    folders.map(async ([name, path]) => {
      const { bavail, bsize } = await statfs(await nearestExisting(path));
      return { name, path, freeBytes: bavail * bsize };
    }),
  );
}

export async function readRuntimeFolder(paths: Paths): Promise<RuntimeFolder> {
  const path = paths.runtime;
  const common = { path, socketPathBytes: socketPathBytes(paths), isOpenToOthers: false };
  const existing = await nearestExisting(path);
  const { mode, uid } = await stat(existing);
  const mayWrite = await isWritable(existing);
  if (existing !== path) {
    return { ...common, state: mayWrite ? 'can-be-made' : 'cannot-be-made' };
  }
  if ((mode & constants.S_IFMT) !== constants.S_IFDIR) return { ...common, state: 'not-a-folder' };
  if (!mayWrite) return { ...common, state: 'not-writable' };
  const isOurs = uid === process.getuid?.();
  return { ...common, state: 'usable', isOpenToOthers: !isOurs || (mode & 0o077) !== 0 };
}

/** The longest socket's path, counted on a run that does not exist. */
function socketPathBytes(paths: Paths): number {
  const runId = runIdSchema.parse('00000000-0000-4000-8000-000000000000');
  try {
    const { qmpSocket, consoleSocket, agentSocket } = runFiles(paths, runId);
    return Math.max(
      ...[qmpSocket, consoleSocket, agentSocket].map((path) => Buffer.byteLength(path)),
    );
  } catch (error) {
    const bytes = error instanceof AppError ? error.details['bytes'] : null;
    if (typeof bytes === 'number') return bytes;
    throw error;
  }
}

/** The path itself, or the folder that it would be made in. */
async function nearestExisting(path: string): Promise<string> {
  try {
    await stat(path);
    return path;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    if (!isMissing || path === dirname(path)) throw error;
    return nearestExisting(dirname(path));
  }
}

async function isWritable(path: string): Promise<boolean> {
  try {
    await access(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false; // which is the answer
  }
}
