/** Lets one set-up at a time work on a shared folder; the lock of a dead process is taken over. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupFailure } from './failure.mjs';

const POLL_MS = 200;
const DEADLINE_MS = 30 * 60_000;
/** Between mkdir and writing the pid a lock has no owner yet. */
const OWNERLESS_GRACE_POLLS = 10;

/**
 * @template T
 * @param {string} path the lock, a folder that exists while it is held
 * @param {{ onWait?: () => void }} options
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, { onWait }, work) {
  await mkdir(dirname(path), { recursive: true });
  await acquire(path, onWait);
  try {
    return await work();
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

/**
 * @param {string} path
 * @param {(() => void) | undefined} onWait
 */
async function acquire(path, onWait) {
  const deadline = Date.now() + DEADLINE_MS;
  let ownerlessPolls = 0;
  for (let polls = 0; ; polls += 1) {
    if (await tryCreate(path)) return;
    if (polls === 0) onWait?.();
    const owner = await readOwner(path);
    ownerlessPolls = owner === null ? ownerlessPolls + 1 : 0;
    const isStale = owner === null ? ownerlessPolls > OWNERLESS_GRACE_POLLS : !isAlive(owner);
    if (isStale) await rm(path, { recursive: true, force: true });
    else if (Date.now() > deadline) {
      throw new SetupFailure(
        `Another set-up (process ${owner}) holds ${path}. Wait for it, or end it and try again.`,
      );
    } else await sleep(POLL_MS);
  }
}

/** @param {string} path */
async function tryCreate(path) {
  try {
    await mkdir(path);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
  await writeFile(join(path, 'pid'), String(process.pid));
  return true;
}

/** @param {string} path */
async function readOwner(path) {
  const text = await readFile(join(path, 'pid'), 'utf8').catch(() => '');
  return /^[1-9]\d*$/.test(text) ? Number(text) : null;
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}
