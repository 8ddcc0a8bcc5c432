/**
 * What a console says, in order and each byte once: a serial line's from its socket, a virtio console's from its log.
 * The socket says when to look at the log; where the log stops growing, the socket is what is shown.
 *
 * QEMU drops what a virtio console's socket has no room for, but logs it (hw/char/virtio-console.c, `flush_buf`). Of a
 * serial line it logs once more what it has to send once more (hw/char/serial.c, `serial_xmit`; both chardev/char.c,
 * `qemu_chr_write_buffer`): its log has bytes twice, its socket has not.
 */
import { LogFollower } from './log-follower.ts';

/** QEMU logs right after it has sent; where it lacks something for so long, nothing comes any more, as on a full disk. */
const lackingMs = 250;
/** More than QEMU writes at once. */
const maxLackingBytes = 1024 * 1024;

/** The log of a console whose socket does not get everything. */
export interface ConsoleLog {
  readonly path: string;
  /** Its size before the socket was connected: what comes by the socket lies behind. */
  readonly from: number;
}

/** One connection's output. */
export class OutputFeed {
  readonly #onProblem: (error: unknown) => void;
  #log: LogFollower | null = null;
  #chunks: Uint8Array[] = [];
  #chunkBytes = 0;
  /** How much more the log gave than the socket. Less than nothing: that has not been logged yet. */
  #ahead = 0;
  #lackingSinceMs: number | null = null;

  /** @param onProblem told where the log cannot be followed (any more). */
  constructor(log: ConsoleLog | null, onProblem: (error: unknown) => void) {
    this.#onProblem = onProblem;
    if (log === null) return;
    try {
      this.#log = new LogFollower(log.path, log.from);
    } catch (error) {
      onProblem(error);
    }
  }

  /** Whether something may be in the log that no socket tells of. */
  get followsLog(): boolean {
    return this.#log !== null;
  }

  /** What came by the socket and was not taken. */
  get untakenBytes(): number {
    return this.#chunkBytes;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#chunkBytes += chunk.byteLength;
    if (this.#log !== null) this.#ahead -= chunk.byteLength;
  }

  /** What is new, in pieces. @param maxBytes of a log that is far ahead. */
  take(maxBytes: number): Uint8Array[] {
    if (this.#log === null) return this.#takeChunks();
    try {
      const pieces = this.#log.read(maxBytes);
      for (const { byteLength } of pieces) this.#ahead += byteLength;
      if (!this.#isStuck(pieces.length > 0)) return pieces;
      this.#giveUp(new Error('The console’s log does not grow any more. Is its disk full?'));
      return [...pieces, ...this.#takeChunks()];
    } catch (error) {
      this.#giveUp(error);
      return this.#takeChunks();
    }
  }

  /** Nothing is on its way: what the log has more was dropped by the socket, and is no advance on what will come. */
  settle(): void {
    this.#ahead = Math.min(this.#ahead, 0);
  }

  /** The log was emptied after all of it was taken. */
  rewind(): void {
    this.#log?.rewind();
  }

  /** The log is read no more. What it lacks can still be taken: QEMU may have been killed between its socket and its log. */
  close(): void {
    if (this.#log === null) return;
    this.#log.close();
    this.#log = null;
    const lacking = Math.max(0, -this.#ahead);
    const chunks = Buffer.concat(this.#takeChunks());
    if (lacking > 0) this.push(chunks.subarray(-lacking));
  }

  /** Whether the log has not grown for too long though it lacks what the socket brought. */
  #isStuck(grown: boolean): boolean {
    if (this.#ahead >= 0) {
      this.#takeChunks();
      this.#lackingSinceMs = null;
      return false;
    }
    const now = performance.now();
    if (grown || this.#lackingSinceMs === null) {
      this.#keepLacking();
      this.#lackingSinceMs = now;
    }
    return now - this.#lackingSinceMs >= lackingMs || this.#chunkBytes >= maxLackingBytes;
  }

  #keepLacking(): void {
    let [oldest] = this.#chunks;
    while (oldest !== undefined && this.#chunkBytes - oldest.byteLength >= -this.#ahead) {
      this.#chunkBytes -= oldest.byteLength;
      this.#chunks.shift();
      [oldest] = this.#chunks;
    }
  }

  /** From here on the socket's output is what counts. */
  #giveUp(error: unknown): void {
    this.close();
    this.#onProblem(error);
  }

  #takeChunks(): Uint8Array[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#chunkBytes = 0;
    // A serial line delivers byte by byte: one message of many.
    return chunks.length > 1 ? [Buffer.concat(chunks)] : chunks;
  }
}
