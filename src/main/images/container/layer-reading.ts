/**
 * Reads layers entry by entry, from the beginning to the end, within what reading may cost.
 * Lets go of a layer however its reading goes.
 */
import { refused } from './refusal.ts';
import type { TarEntry } from './tar-entry.ts';
import { TarReader } from './tar-reader.ts';

/** More than the largest images have by far; what is above is a bomb. */
const maxEntries = 4_000_000;

/** One layer; may be opened more than once. */
export interface LayerSource {
  /** The tar's bytes, unpacked. Reading to the end proves the digest, else it throws. */
  open(): AsyncIterable<Buffer>;
}

/** What reading may cost: hidden files cost nothing in the root, but time here. */
export class Budget {
  readonly #signal: AbortSignal;
  readonly #maxBytes: number;
  #entries = 0;
  #readBytes = 0;

  /** @param maxBytes that the root's files may have together. */
  constructor(signal: AbortSignal, maxBytes: number) {
    this.#signal = signal;
    this.#maxBytes = 4 * maxBytes + 1024 ** 3;
  }

  /** @throws AppError `image_refused` for too many. */
  countEntry(): void {
    this.#entries += 1;
    if (this.#entries > maxEntries) throw refused(`it has more than ${maxEntries} entries`);
  }

  /** Passes a layer's bytes on, until there are too many or nobody wants them any more. */
  async *guard(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      this.#signal.throwIfAborted();
      this.#readBytes += chunk.byteLength;
      if (this.#readBytes > this.#maxBytes) {
        throw refused('its layers have far more in them than its root');
      }
      yield chunk;
    }
  }
}

/** @param handle told every entry, with its number from 0; may read its content, and need not. */
export async function eachEntry(
  layer: LayerSource,
  budget: Budget,
  handle: (entry: TarEntry, number: number, reader: TarReader) => Promise<void>,
): Promise<void> {
  const reader = new TarReader(budget.guard(layer.open()));
  try {
    for (let number = 0; ; number += 1) {
      const entry = await reader.next();
      if (entry === null) return;
      budget.countEntry();
      await handle(entry, number, reader);
    }
  } finally {
    await reader.close();
  }
}
