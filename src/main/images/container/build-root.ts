/**
 * Builds the read-only root of an image from its layers, and tells how far that is.
 * Removes the root again when anything fails.
 */
import type { LayerProgress } from '../../../shared/index.ts';
import { flatten } from './flatten.ts';
import { layerSource } from './layer-stream.ts';
import type { ImageLayer } from './oci-layout.ts';
import { makeSquashfs } from './squashfs.ts';

/** How far an import is. */
export interface ImportState {
  readonly step: 'fetching' | 'building';
  readonly layers: readonly LayerProgress[];
  /** Of the root's files, while building. */
  readonly builtBytes: number;
}

/** What building may cost and whom it tells. */
export interface BuildOptions {
  readonly signal: AbortSignal;
  /** Bytes that the root's files may have together. */
  readonly maxBytes: number;
  readonly onProgress?: (state: ImportState) => void;
}

/**
 * @param layers the top one first.
 * @param root a file that does not exist yet.
 * @throws AppError as {@link flatten} and {@link makeSquashfs}.
 */
export async function buildRoot(
  layers: readonly ImageLayer[],
  root: string,
  { signal, maxBytes, onProgress }: BuildOptions,
): Promise<{ contentBytes: number; digest: string }> {
  const sources = layers.map(({ path, digest, diffId }) => layerSource(path, digest, diffId));
  const progress = layers.toReversed().map(({ digest, sizeBytes }) => ({
    ...{ digest, bytes: sizeBytes, totalBytes: sizeBytes },
  }));
  const tell = (builtBytes: number): void =>
    onProgress?.({ step: 'building', layers: progress, builtBytes });
  tell(0);
  return makeSquashfs(
    root,
    (sink, wanted) => flatten(sources, sink, { signal: wanted, maxBytes, onProgress: tell }),
    signal,
  );
}
