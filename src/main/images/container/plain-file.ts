/**
 * Opens files of folders that anybody may have filled. Waits for no pipe and no device in the place of a file,
 * and never longer than the caller wants to.
 */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { refused } from './refusal.ts';

/** @throws AppError `image_refused` for what is no file; what the system says. */
export async function openPlainFile(path: string): Promise<FileHandle> {
  // Without O_NONBLOCK a FIFO would wait for somebody who writes into it (fifo(7)), and take a thread with it.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    if ((await file.stat()).isFile()) return file;
    throw refused('a part of it is a pipe, a device or a folder where a file should be', { path });
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** @returns all of it; null when there is more than `mostBytes`. @throws as {@link openPlainFile}. */
export async function readPlainFile(path: string, mostBytes: number): Promise<Buffer | null> {
  const file = await openPlainFile(path);
  try {
    const { size } = await file.stat();
    if (size > mostBytes) return null;
    // One byte of room more than it says: it may grow, and what lies in /proc says 0.
    let content = Buffer.alloc(size + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(content, length, content.byteLength - length, null);
      length += bytesRead;
      if (bytesRead === 0) return content.subarray(0, length);
      if (length > mostBytes) return null;
      if (length === content.byteLength) content = Buffer.concat([content, Buffer.alloc(65_536)]);
    }
  } finally {
    await file.close();
  }
}

/** Gives up on a file system that does not answer; whatever is under way there ends by itself, or never. */
export function raced<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
    if (signal.aborted) stop();
  });
}
