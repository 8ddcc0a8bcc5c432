/** How much room a folder takes up on the disk. Only looks. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** @returns bytes of all files in a folder and below it; 0 for one that is not there. */
export async function folderBytes(folder: string): Promise<number> {
  let sum = 0;
  const names = await readdir(folder, { recursive: true }).catch(() => []); // not made yet
  for (const name of names) {
    const stats = await lstat(join(folder, name)).catch(() => null); // removed meanwhile
    if (stats?.isFile() === true) sum += stats.size;
  }
  return sum;
}
