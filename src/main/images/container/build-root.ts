/**
 * Builds the read-only root of an image from its layers, and tells how far that is.
 * Removes the root again when anything fails.
 */
import type { LayerProgress } from '../../../shared/index.ts';
import { flatten } from './flatten.ts';
import { planLayers, type LayerPlan } from './layer-plan.ts';
import { Budget, type LayerSource } from './layer-reading.ts';
import { layerSource } from './layer-stream.ts';
import { NeedsPlan } from './needs-plan.ts';
import type { ImageLayer } from './oci-layout.ts';
import { makeSquashfs } from './squashfs.ts';
import { attributesOf, type Attributes } from './tar-attributes.ts';
import { TarReader } from './tar-reader.ts';
import type { Flattened, FlattenOptions } from './tar-writer.ts';

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
): Promise<Flattened> {
  const sources = layers.map(({ path, digest, diffId }) => layerSource(path, digest, diffId));
  const progress = layers.toReversed().map(({ digest, sizeBytes }) => ({
    ...{ digest, bytes: sizeBytes, totalBytes: sizeBytes },
  }));
  const tell = (builtBytes: number): void =>
    onProgress?.({ step: 'building', layers: progress, builtBytes });
  tell(0);
  return flattenToSquashfs(sources, root, { signal, maxBytes, onProgress: tell });
}

/** @param layers the top one first. @throws AppError as {@link buildRoot}. */
export async function flattenToSquashfs(
  layers: readonly LayerSource[],
  root: string,
  options: FlattenOptions,
): Promise<Flattened> {
  const { signal, maxBytes } = options;
  const attributes = await rootAttributes(layers);
  const make = (plan: LayerPlan | null): Promise<Flattened> =>
    makeSquashfs(
      root,
      (sink, wanted) => flatten(layers, sink, { ...options, signal: wanted }, plan),
      { signal, attributes },
    );
  try {
    return await make(null);
  } catch (error) {
    if (!(error instanceof NeedsPlan)) throw error;
  }
  return make(await planLayers(layers, new Budget(signal, maxBytes)));
}

/** Of the topmost layer that begins with the root itself, as all tools write it; null where none does. */
async function rootAttributes(layers: readonly LayerSource[]): Promise<Attributes | null> {
  for (const layer of layers) {
    const reader = new TarReader(layer.open());
    try {
      const entry = await reader.next();
      if (entry?.path === '' && entry.kind === 'directory') return attributesOf(entry);
    } finally {
      await reader.close();
    }
  }
  return null;
}
