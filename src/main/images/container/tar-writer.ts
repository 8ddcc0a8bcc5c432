/**
 * Writes entries into one tar, in large pieces, and stops before there is more than there is room for.
 * Never faster than the sink takes it.
 */
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
}

/** What a sink is given at once: many files are small, and each write of its own costs a call of the system. */
const blockBytes = 256 * 1024;

/** Writes entries with the reader's content, no faster than the sink takes them. */
export class TarWriter {
  readonly #sink: Writable;
  readonly #options: FlattenOptions;
  #entries = 0;
  #contentBytes = 0;
  #failure: Error | null = null;
  /** Filled while the sink takes the other. */
  #block = Buffer.allocUnsafe(blockBytes);
  #other = Buffer.allocUnsafe(blockBytes);
  #filled = 0;
  /** Until the sink is done with the other. */
  #taken: Promise<void> = Promise.resolve();

  /** @param sink is done with the bytes that it is given as soon as it calls back: they are written over then. */
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
    await this.#put(paddingOf(entry.sizeBytes));
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
    await this.#pass();
    await this.#taken;
    this.#sink.end();
    return { entries: this.#entries, contentBytes: this.#contentBytes };
  }

  async #put(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.byteLength;) {
      if (this.#filled === blockBytes) await this.#pass();
      const copied = bytes.copy(this.#block, this.#filled, at);
      this.#filled += copied;
      at += copied;
    }
  }

  /** Gives the sink what was put, as soon as it has taken what it was given before. */
  async #pass(): Promise<void> {
    await this.#taken;
    this.#options.signal.throwIfAborted();
    if (this.#failure !== null) throw this.#failure;
    this.#taken = this.#give(this.#block.subarray(0, this.#filled));
    this.#taken.catch(() => undefined); // thrown by the next call that waits for it
    [this.#block, this.#other] = [this.#other, this.#block];
    this.#filled = 0;
  }

  /** A sink that hangs is not waited for longer than anybody wants it. */
  #give(bytes: Buffer): Promise<void> {
    const { signal } = this.#options;
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal.reason as Error);
      signal.addEventListener('abort', abort, { once: true });
      this.#sink.write(bytes, (error) => {
        signal.removeEventListener('abort', abort);
        if (error) reject(error);
        else resolve();
      });
    });
  }
}
