/**
 * The end of a console's log, across the part that was moved aside. Read at once, for a console that is about to be shown.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

/**
 * The last bytes of a log, fewer where it has not so many.
 * @param end the size up to which it counts; all of it by default.
 * @throws what the file system says; a log that is not there is empty.
 */
export function logEnd(path: string, maxBytes: number, end = Infinity): Buffer {
  const current = endOf(path, maxBytes, end);
  // Right after a rotation most of the past is in the part that was moved aside.
  const older = endOf(`${path}.1`, maxBytes - current.byteLength, Infinity);
  return Buffer.concat([older, current]);
}

/** Of the part that QEMU writes to. @throws as {@link logEnd}. */
export function logSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function endOf(path: string, maxBytes: number, end: number): Buffer {
  if (maxBytes <= 0) return Buffer.alloc(0);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0); // never printed, or pruned
    throw error;
  }
  try {
    const size = Math.min(fstatSync(file).size, end);
    const wanted = Math.min(size, maxBytes);
    const data = Buffer.alloc(wanted);
    return data.subarray(0, readSync(file, data, 0, wanted, size - wanted));
  } finally {
    closeSync(file);
  }
}
