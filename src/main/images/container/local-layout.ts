/**
 * Reads an image out of a folder of this computer, where it lies: nothing of it need be copied.
 * Never writes there.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../shared/index.ts';
import { readLayout, type LayoutImage } from './oci-layout.ts';
import { raced } from './plain-file.ts';
import { refused } from './refusal.ts';

/**
 * @param path the folder, and after a colon the image's tag (containers-transports(5), “oci:”).
 * @throws AppError `file_missing`, `file_unreadable`, and as {@link readLayout}.
 */
export async function readLocalLayout(
  path: string,
  architecture: string,
  signal: AbortSignal,
): Promise<LayoutImage> {
  const [folder = '', ...rest] = path.split(':');
  const tag = rest.join(':');
  const index = raced(stat(join(folder, 'index.json')), signal);
  await index.catch((cause: NodeJS.ErrnoException) => {
    if (signal.aborted) throw cause;
    const denied = cause.code === 'EACCES';
    throw new AppError(
      denied ? 'file_unreadable' : 'file_missing',
      denied
        ? `You may not read “${folder}”.`
        : `There is no OCI layout in “${folder}”: that would be a folder with index.json in it.`,
      { cause, details: { path: folder } },
    );
  });
  const image = await readLayout(folder, join(folder, 'blobs'), architecture, {
    ...{ tag: tag || null, signal },
  });
  for (const { path: blob, sizeBytes } of image.layers) {
    const stats = await raced(
      stat(blob).catch(() => null),
      signal,
    );
    if (stats?.isFile() === true && stats.size === sizeBytes) continue;
    throw refused('one of its layers is missing, or cut off against what its digest says');
  }
  return image;
}
