/**
 * Keeps the last bytes of a console in memory, so that a view can be given its past at once.
 * Never more than its bound plus one chunk; the whole is in the run's log file.
 */

const newline = 0x0a;

/** The end of a byte stream, bounded. */
export class TailBuffer {
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #truncated = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Keeps a reference: the caller gives the chunk away. */
  push(chunk: Uint8Array): void {
    if (chunk.byteLength === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    let dropped = 0;
    while (this.#chunks.length > dropped + 1) {
      const oldest = this.#chunks[dropped];
      if (oldest === undefined || this.#bytes - oldest.byteLength < this.#maxBytes) break;
      this.#bytes -= oldest.byteLength;
      dropped += 1;
    }
    if (dropped > 0) {
      this.#chunks.splice(0, dropped);
      this.#truncated = true;
    }
    // Many tiny chunks (a byte per keystroke) would cost more than they carry.
    if (this.#chunks.length > 4096) this.#chunks = [Buffer.concat(this.#chunks)];
  }

  clear(): void {
    this.#chunks = [];
    this.#bytes = 0;
    this.#truncated = false;
  }

  /**
   * At most the bound's bytes. When older ones are missing it begins at a line's start, so that no
   * control sequence and no UTF-8 character is cut in two.
   */
  snapshot(): { data: Uint8Array; truncated: boolean } {
    const all = Buffer.concat(this.#chunks);
    if (!this.#truncated && all.byteLength <= this.#maxBytes)
      return { data: all, truncated: false };
    const from = Math.max(0, all.byteLength - this.#maxBytes);
    const lineEnd = all.indexOf(newline, from);
    return { data: all.subarray(lineEnd === -1 ? from : lineEnd + 1), truncated: true };
  }
}
