/**
 * Writes an image's layers as one tar of the root that they come to, in one pass from the top layer down.
 * Holds names, never content; a layer is read again only for hard links whose target did not get through.
 */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { AppError } from '../../../shared/index.ts';
import { LayerMerge } from './layer-merge.ts';
import { refused } from './refusal.ts';
import { encodeEntry, paddingOf, type TarEntry } from './tar-entry.ts';
import { TarReader } from './tar-reader.ts';

/** More than the largest images have by far; what is above is a bomb. */
const maxEntries = 4_000_000;

/** Links to links to links; each step reads layers again. */
const maxLinkDepth = 16;

/** One layer; may be opened more than once. */
export interface LayerSource {
  /** The tar's bytes, unpacked. Reading to the end proves the digest, else it throws. */
  open(): AsyncIterable<Buffer>;
}

/** What a flattening may cost and whom it tells. */
export interface FlattenOptions {
  readonly signal: AbortSignal;
  /** Bytes that the root's files may have together. */
  readonly maxBytes: number;
  /** Told from time to time: bytes of content written so far. */
  readonly onProgress?: (writtenBytes: number) => void;
}

/** What was written. */
export interface Flattened {
  readonly entries: number;
  readonly contentBytes: number;
}

/** A hard link whose target was not written when it was met. */
interface Deferred {
  readonly entry: TarEntry;
  /** Where to look for its target: this layer and those below. */
  readonly layer: number;
}

/**
 * @param layers the top one first.
 * @param sink gets the tar and is ended.
 * @throws AppError `image_refused` for layers that are damaged or hostile, `disk_full` for more than
 *   `maxBytes`; what the sink says.
 */
export async function flatten(
  layers: readonly LayerSource[],
  sink: Writable,
  options: FlattenOptions,
): Promise<Flattened> {
  const writer = new TarWriter(sink, options);
  const merge = new LayerMerge();
  const deferred: Deferred[] = [];
  const late = new Set<string>();
  let read = 0;
  for (const [index, layer] of layers.entries()) {
    merge.beginLayer();
    const reader = new TarReader(layer.open());
    for (let entry = await reader.next(); entry !== null; entry = await reader.next()) {
      read += 1;
      if (read > maxEntries) throw refused(`it has more than ${maxEntries} entries`);
      const fate = merge.admit(entry.path, entry.kind);
      if (fate !== 'take' || entry.path === '') continue;
      const target = entry.kind === 'hardlink' ? entry.linkPath : null;
      if (target !== null && (merge.layerOf(target) !== index || late.has(target))) {
        deferred.push({ entry, layer: index });
        late.add(entry.path);
      } else {
        await writer.write(entry, reader);
      }
    }
  }
  await writeDeferred(layers, merge, deferred, writer);
  return writer.end();
}

/**
 * A link's content is what its target was in its own layer or the nearest below. Where that got through, it
 * stays a link; else the first of its links becomes the file, and the others link to that.
 */
async function writeDeferred(
  layers: readonly LayerSource[],
  merge: LayerMerge,
  deferred: readonly Deferred[],
  writer: TarWriter,
  depth = 0,
): Promise<void> {
  if (depth > maxLinkDepth) throw refused('its hard links lead to each other without an end');
  let waiting = [...deferred];
  for (let index = 0; index < layers.length && waiting.length > 0; index += 1) {
    const here = waiting.filter(({ layer }) => layer <= index);
    if (here.length === 0) continue;
    const found = new Set<Deferred>();
    const aliases = new Map<Deferred, Deferred>();
    const reader = new TarReader((layers[index] as LayerSource).open());
    for (let entry = await reader.next(); entry !== null; entry = await reader.next()) {
      const { path, kind, linkPath } = entry;
      const links = here.filter((link) => !found.has(link) && link.entry.linkPath === path);
      if (links.length === 0) continue;
      if (kind === 'hardlink') {
        // A link to a link: the same file under its first name, in this layer or below.
        for (const link of links) {
          found.add(link);
          aliases.set(link, { entry: { ...link.entry, linkPath }, layer: index });
        }
      } else if (merge.layerOf(path) === index) {
        for (const link of links) await writer.link(link.entry, path);
        for (const link of links) found.add(link);
      } else {
        const [first, ...others] = links;
        if (first === undefined) continue;
        await writer.write(entry, reader, first.entry.path);
        for (const link of others) await writer.link(link.entry, first.entry.path);
        for (const link of links) found.add(link);
      }
    }
    waiting = waiting.filter((link) => !found.has(link));
    const again = [...aliases.values()];
    if (again.length > 0) await writeDeferred(layers, merge, again, writer, depth + 1);
  }
  const [lost] = waiting;
  if (lost !== undefined) {
    throw refused('one of its hard links leads to a file that no layer has', {
      ...{ path: lost.entry.path, target: lost.entry.linkPath },
    });
  }
}

/** Writes entries with the reader's content, no faster than the sink takes them. */
class TarWriter {
  readonly #sink: Writable;
  readonly #options: FlattenOptions;
  #entries = 0;
  #contentBytes = 0;
  #failure: Error | null = null;

  constructor(sink: Writable, options: FlattenOptions) {
    this.#sink = sink;
    this.#options = options;
    sink.on('error', (error) => (this.#failure ??= error));
  }

  async write(entry: TarEntry, reader: TarReader, path = entry.path): Promise<void> {
    this.#entries += 1;
    this.#contentBytes += entry.sizeBytes;
    if (this.#contentBytes > this.#options.maxBytes) {
      throw new AppError(
        'disk_full',
        `There is no room for this image: its files have more than ${Math.floor(this.#options.maxBytes / 2 ** 20)} MiB, which are free. Free some space, then go on.`,
        { details: { maxBytes: this.#options.maxBytes } },
      );
    }
    await this.#put(encodeEntry(entry, { path }));
    for await (const piece of reader.body()) await this.#put(piece);
    const padding = paddingOf(entry.sizeBytes);
    if (padding.byteLength > 0) await this.#put(padding);
    this.#options.onProgress?.(this.#contentBytes);
  }

  async link(entry: TarEntry, target: string): Promise<void> {
    this.#entries += 1;
    await this.#put(encodeEntry(entry, { linkPath: target }));
  }

  async end(): Promise<Flattened> {
    await this.#put(Buffer.alloc(1024));
    this.#sink.end();
    return { entries: this.#entries, contentBytes: this.#contentBytes };
  }

  async #put(bytes: Buffer): Promise<void> {
    this.#options.signal.throwIfAborted();
    if (this.#failure !== null) throw this.#failure;
    if (this.#sink.write(bytes)) return;
    await once(this.#sink, 'drain', { signal: this.#options.signal });
  }
}
