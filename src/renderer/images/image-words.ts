/**
 * Container images and their imports in words: which one is meant, how far one is.
 * Pure.
 */
import type { ImageUsage, ImageView, ImportProgress } from '../../shared/index.ts';
import { formatBytes, formatCount, pinnedName, sourceOf, typedName } from '../format/index.ts';

/** The image that is meant, if it is there; of several that came by one name the last, but for a name with a digest. */
export function findImage(images: readonly ImageView[], typed: string): ImageView | null {
  const wanted = sourceOf(typed);
  if (wanted === null) return null;
  const named = images.find(({ source, isMeant }) => source === wanted && isMeant);
  const pinned = images.find(
    ({ source, digest }) => sourceOf(pinnedName(source, digest) ?? '') === wanted,
  );
  return named ?? pinned ?? null;
}

/** What must be typed to run this image: its name, or with its digest where the name means another by now. */
export function nameToRun(image: ImageView): string {
  return image.isMeant
    ? typedName(image.source)
    : (pinnedName(image.source, image.digest) ?? typedName(image.source));
}

/** What tells it from others that came by the same name; null where there are none. */
export function namesakeNote(images: readonly ImageView[], image: ImageView): string | null {
  if (images.filter(({ source }) => source === image.source).length < 2) return null;
  return image.isMeant ? 'what the name means now' : 'what the name meant before';
}

/** How much there is, in a line; unfinished layers are on the disk as well. */
export function usageText(count: number, usage: ImageUsage | null): string {
  const partial = usage?.partialBytes ?? 0;
  return [
    count === 0 ? 'Nothing here yet' : formatCount(count, 'image'),
    usage && count > 0 ? `${formatBytes(usage.imageBytes)} on disk` : '',
    partial > 0 ? `${formatBytes(partial)} of unfinished pulls` : '',
  ]
    .filter(Boolean)
    .join(', ');
}

/** Whether an import goes on. */
export function isUnderWay({ step }: ImportProgress): boolean {
  return step === 'waiting' || step === 'fetching' || step === 'building';
}

/** How far the layers are together; `share` is null while no size is known. */
export function layerTotals({ layers }: ImportProgress): {
  bytes: number;
  totalBytes: number | null;
  share: number | null;
} {
  const bytes = layers.reduce((sum, layer) => sum + layer.bytes, 0);
  const known = layers.length > 0 && layers.every(({ totalBytes }) => totalBytes !== null);
  const totalBytes = known ? layers.reduce((sum, layer) => sum + (layer.totalBytes ?? 0), 0) : null;
  const share = totalBytes === null || totalBytes === 0 ? null : Math.min(1, bytes / totalBytes);
  return { bytes, totalBytes, share };
}

/** What an import does now, with how far it is. */
export function stepText(progress: ImportProgress): string {
  switch (progress.step) {
    case 'waiting':
      return 'Waiting for another import';
    case 'fetching': {
      const { bytes, totalBytes } = layerTotals(progress);
      if (progress.layers.length === 0) return 'Asking for the image';
      const all = totalBytes === null ? '' : ` of ${formatBytes(totalBytes)}`;
      return `Fetching layers: ${formatBytes(bytes)}${all}`;
    }
    case 'building':
      return progress.builtBytes === 0
        ? 'Building the root file system'
        : `Building the root file system: ${formatBytes(progress.builtBytes)}`;
    case 'done':
      return 'Done';
    case 'failed':
      return 'Failed';
    case 'cancelled':
      return 'Cancelled';
  }
}
