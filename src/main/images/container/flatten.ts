/**
 * Writes an image's layers as one tar of the root that they come to, in one pass from the top layer down.
 * Holds names, never content; a layer is read again only for hard links whose target did not get through.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { AppError } from '../../../shared/index.ts';
import { LayerMerge } from './layer-merge.ts';
import { refused } from './refusal.ts';
import { encodeEntry, paddingOf, plainFolder, type TarEntry } from './tar-entry.ts';
import { TarReader } from './tar-reader.ts';

/** More than the largest images have by far; what is above is a bomb. */
const maxEntries = 4_000_000;

/** Held in memory while an image is read. */
const maxNameBytes = 128 * 1024 * 1024;
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
  /** Of the tar that was written: the same layers always come to the same. */
  readonly digest: string;
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
  const budget = new Budget(options);
  const merge = new LayerMerge();
  const deferred: Deferred[] = [];
  const late = new Set<string>();
  for (const [index, layer] of layers.entries()) {
    merge.beginLayer();
    await eachEntry(layer, budget, async (entry, reader) => {
      budget.countEntry(entry);
      const fate = merge.admit(entry.path, entry.kind);
      if (fate !== 'take' || entry.path === '') return;
      const target = entry.kind === 'hardlink' ? entry.linkPath : null;
      if (target !== null && (merge.layerOf(target) !== index || late.has(target))) {
        // Its attributes are those of the file it leads to.
        deferred.push({ entry: { ...entry, pax: new Map() }, layer: index });
        late.add(entry.path);
      } else {
        await writer.write(entry, reader);
      }
    });
  }
  await writeDeferred({ layers, merge, writer, budget }, deferred);
  for (const path of merge.missingFolders()) await writer.folder(path);
  return writer.end();
}

interface Flattening {
  readonly layers: readonly LayerSource[];
  readonly merge: LayerMerge;
  readonly writer: TarWriter;
  readonly budget: Budget;
}

/**
 * A link's content is what its target was in its own layer or the nearest below. Where that got through, it
 * stays a link; else the first of its links becomes the file, and the others link to that.
 */
async function writeDeferred(
  flattening: Flattening,
  deferred: readonly Deferred[],
  depth = 0,
): Promise<void> {
  const { layers, merge, writer, budget } = flattening;
  if (depth > maxLinkDepth) throw refused('its hard links lead to each other without an end');
  const waiting = new Map<string, Deferred[]>();
  for (const link of deferred) {
    const target = link.entry.linkPath;
    waiting.set(target, [...(waiting.get(target) ?? []), link]);
  }
  for (const [index, layer] of layers.entries()) {
    if (waiting.size === 0) return;
    if (![...waiting.values()].some((links) => links.some((link) => link.layer <= index))) continue;
    const again: Deferred[] = [];
    await eachEntry(layer, budget, async (entry, reader) => {
      const all = waiting.get(entry.path);
      if (all === undefined) return;
      const [first, ...others] = all.filter((link) => link.layer <= index);
      if (first === undefined) return;
      const later = all.filter((link) => link.layer > index);
      if (later.length === 0) waiting.delete(entry.path);
      else waiting.set(entry.path, later);
      if (entry.kind === 'hardlink') {
        // A link to a link: the same file under its first name, in this layer or below.
        for (const link of [first, ...others]) {
          again.push({ entry: { ...link.entry, linkPath: entry.linkPath }, layer: index });
        }
      } else if (merge.layerOf(entry.path) === index) {
        for (const link of [first, ...others]) await writer.link(link.entry, entry.path);
      } else {
        await writer.write(entry, reader, first.entry.path);
        for (const link of others) await writer.link(link.entry, first.entry.path);
      }
    });
    if (again.length > 0) await writeDeferred(flattening, again, depth + 1);
  }
  for (const [target, [lost]] of waiting) {
    throw refused('one of its hard links leads to a file that no layer has', {
      ...{ path: lost?.entry.path, target },
    });
  }
}

/** Reads a layer from its beginning to its end, and lets go of it however that goes. */
async function eachEntry(
  layer: LayerSource,
  budget: Budget,
  handle: (entry: TarEntry, reader: TarReader) => Promise<void>,
): Promise<void> {
  const reader = new TarReader(budget.guard(layer.open()));
  try {
    for (let entry = await reader.next(); entry !== null; entry = await reader.next()) {
      await handle(entry, reader);
    }
  } finally {
    await reader.close();
  }
}

/** What reading may cost: hidden files and names cost nothing in the root, but time and memory here. */
class Budget {
  readonly #options: FlattenOptions;
  #entries = 0;
  #nameBytes = 0;
  #readBytes = 0;

  constructor(options: FlattenOptions) {
    this.#options = options;
  }

  countEntry({ path, linkPath }: TarEntry): void {
    this.#entries += 1;
    this.#nameBytes += path.length + linkPath.length;
    if (this.#entries > maxEntries) throw refused(`it has more than ${maxEntries} entries`);
    if (this.#nameBytes > maxNameBytes) throw refused('its names alone have more than 128 MiB');
  }

  /** Passes a layer's bytes on, until there are too many or nobody wants them any more. */
  async *guard(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const mostBytes = 4 * this.#options.maxBytes + 1024 ** 3;
    for await (const chunk of source) {
      this.#options.signal.throwIfAborted();
      this.#readBytes += chunk.byteLength;
      if (this.#readBytes > mostBytes)
        throw refused('its layers have far more in them than its root');
      yield chunk;
    }
  }
}

/** Writes entries with the reader's content, no faster than the sink takes them. */
class TarWriter {
  readonly #sink: Writable;
  readonly #options: FlattenOptions;
  #entries = 0;
  #contentBytes = 0;
  #failure: Error | null = null;
  readonly #hash = createHash('sha256');

  constructor(sink: Writable, options: FlattenOptions) {
    this.#sink = sink;
    this.#options = options;
    sink.on('error', (error) => (this.#failure ??= error));
  }

  async write(entry: TarEntry, reader: TarReader, path = entry.path): Promise<void> {
    this.#entries += 1;
    this.#contentBytes += entry.realBytes;
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

  /** A folder that nothing is known of: root's, as every container tool makes it. */
  async folder(path: string): Promise<void> {
    this.#entries += 1;
    await this.#put(plainFolder(path));
  }

  async end(): Promise<Flattened> {
    await this.#put(Buffer.alloc(1024));
    this.#sink.end();
    return {
      ...{ entries: this.#entries, contentBytes: this.#contentBytes },
      digest: `sha256:${this.#hash.digest('hex')}`,
    };
  }

  async #put(bytes: Buffer): Promise<void> {
    this.#options.signal.throwIfAborted();
    if (this.#failure !== null) throw this.#failure;
    this.#hash.update(bytes);
    if (this.#sink.write(bytes)) return;
    // A sink that was destroyed drains no more and says nothing.
    if (this.#sink.destroyed) throw new Error('the sink is gone');
    await once(this.#sink, 'drain', { signal: this.#options.signal });
  }
}
