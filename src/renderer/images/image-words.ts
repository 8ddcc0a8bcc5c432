/**
 * Container images and their imports in words: which one is meant, how far one is.
 * Pure.
 */
import type { ImageView, ImportProgress } from '../../shared/index.ts';
import { formatBytes, sourceOf } from '../format/index.ts';

/** The image that is meant, if it is there; of several from one name the newest. */
export function findImage(images: readonly ImageView[], typed: string): ImageView | null {
  const wanted = sourceOf(typed);
  if (wanted === null) return null;
  return images.find(({ source }) => source === wanted) ?? null;
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
