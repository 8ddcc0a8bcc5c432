/**
 * What a console says, in order and each byte once: a serial line's from its socket, a virtio console's from its log.
 * The socket says when to look at the log; where the log stops growing, the socket is what is shown.
 *
 * QEMU drops what a virtio console's socket has no room for, but logs it (hw/char/virtio-console.c, `flush_buf`). Of a
 * serial line it logs once more what it has to send once more (hw/char/serial.c, `serial_xmit`; both chardev/char.c,
 * `qemu_chr_write_buffer`): its log has bytes twice, its socket has not.
 */
import { LogFollower, type Taken } from './log-follower.ts';

/** QEMU logs right after it has sent. Where that does not come for so long, a disk is full rather than slow. */
export const dryMs = 3_000;
/** And was looked for so often: after a standstill of this process, what is in the socket may be old. */
const dryLooks = 50;

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
  /** Since when the log has stood still, and at how many looks since then the socket had brought something. */
  #still = { sinceMs: performance.now(), looks: 0 };
  /** Whether the log was emptied a moment ago: what came right then is lost from it, and lacks for ever. */
  #emptied = false;

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

  /** The log that is followed; null where there is none, or no more. */
  get logPath(): string | null {
    return this.#log?.path ?? null;
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

  /** What is new. */
  take(): Taken {
    if (this.#log === null) return this.#takeSocket();
    try {
      const came = this.#chunkBytes > 0;
      // What was dropped before must not hide for ever that nothing is logged any more.
      if (came && this.#ahead >= 0 && this.#isDry()) this.#startOver(-this.#chunkBytes);
      const taken = this.#log.read();
      const count = taken.pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
      this.#ahead += taken.skippedBytes + count;
      if (count > 0) this.#still = { sinceMs: performance.now(), looks: 0 };
      else if (came) this.#still.looks += 1;
      this.#dropLogged();
      if (this.#ahead >= 0 || !this.#isDry()) return taken;
      if (this.#emptied) {
        this.settle();
        return taken;
      }
      this.#giveUp(new Error('The console’s log does not grow any more. Is its disk full?'));
    } catch (error) {
      this.#giveUp(error);
    }
    return this.#takeSocket();
  }

  /** Nothing is on its way: what one of the two has more, the other will not have. */
  settle(): void {
    this.#emptied = false;
    this.#startOver(0);
    this.#dropLogged();
  }

  /** The log was emptied after all of it was taken. */
  rewind(): void {
    this.#log?.rewind();
    this.#emptied = true;
  }

  /** The log is read no more. What it lacks can still be taken: QEMU may have been killed between its socket and its log. */
  close(): void {
    if (this.#log === null) return;
    this.#log.close();
    this.#log = null;
    if (this.#emptied) this.settle();
  }

  #startOver(ahead: number): void {
    this.#ahead = ahead;
    this.#still = { sinceMs: performance.now(), looks: 0 };
  }

  #isDry(): boolean {
    const { sinceMs, looks } = this.#still;
    return looks >= dryLooks && performance.now() - sinceMs >= dryMs;
  }

  /** Of the socket's chunks only what the log lacks is kept. */
  #dropLogged(): void {
    const lacking = Math.max(0, -this.#ahead);
    if (lacking >= this.#chunkBytes) return;
    const kept = lacking === 0 ? [] : [Buffer.concat(this.#chunks).subarray(-lacking)];
    this.#chunks = kept;
    this.#chunkBytes = lacking;
  }

  /** From here on the socket's output is what counts. */
  #giveUp(error: unknown): void {
    this.close();
    this.#onProblem(error);
  }

  #takeSocket(): Taken {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#chunkBytes = 0;
    // A serial line delivers byte by byte: one message of many.
    return { pieces: chunks.length > 1 ? [Buffer.concat(chunks)] : chunks, skippedBytes: 0 };
  }
}
