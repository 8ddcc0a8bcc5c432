/**
 * Follows a console's log while QEMU appends to it: what has come since the last look, each byte once.
 * Reads at once and from the page cache: it stands where a socket's chunk would have been copied.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { consoleReplayBytes } from '../../shared/index.ts';

/** What views are given in one message. */
const pieceBytes = 256 * 1024;
/** Of more than that, as after a long standstill, only the end is read that a view can be shown. */
const maxBacklogBytes = 16 * 1024 * 1024;

/** New output in its order. */
export interface Taken {
  readonly pieces: readonly Uint8Array[];
  /** How much before them nobody is shown. */
  readonly skippedBytes: number;
}

/** One open log. */
export class LogFollower {
  readonly path: string;
  readonly #file: number;
  #position: number;

  /**
   * @param from what lies before it was read already.
   * @throws what the file system says.
   */
  constructor(path: string, from: number) {
    this.path = path;
    this.#file = openSync(path, 'r');
    this.#position = from;
  }

  /**
   * What has come until now.
   * @throws what the file system says.
   */
  read(): Taken {
    const { size } = fstatSync(this.#file);
    if (size < this.#position) this.#position = 0; // somebody emptied it
    const before = this.#position;
    // One more than is shown: whoever is shown it sees that it is not all.
    if (size - before > maxBacklogBytes) this.#position = size - consoleReplayBytes - 1;
    const skippedBytes = this.#position - before;
    const pieces: Buffer[] = [];
    while (this.#position < size) {
      const piece = Buffer.alloc(Math.min(pieceBytes, size - this.#position));
      const count = readSync(this.#file, piece, 0, piece.byteLength, this.#position);
      if (count === 0) break; // emptied meanwhile
      this.#position += count;
      pieces.push(piece.subarray(0, count));
    }
    return { pieces, skippedBytes };
  }

  /** The log was emptied: what comes next is read from its start. */
  rewind(): void {
    this.#position = 0;
  }

  close(): void {
    closeSync(this.#file);
  }
}
