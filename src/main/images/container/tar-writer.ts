/**
 * Writes entries into one tar, names it by its content, and stops before there is more than there is room for.
 * Never faster than the sink takes it.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { AppError } from '../../../shared/index.ts';
import { encodeEntry, paddingOf, plainFolder, type TarEntry } from './tar-entry.ts';
import type { TarReader } from './tar-reader.ts';

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

/** Writes entries with the reader's content, no faster than the sink takes them. */
export class TarWriter {
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
