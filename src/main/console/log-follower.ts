/**
 * Follows a console's log while QEMU appends to it: what has come since the last look, each byte once.
 * Reads at once and from the page cache: it stands where a socket's chunk would have been copied.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** What views are given in one message. */
const pieceBytes = 256 * 1024;

/** One open log. */
export class LogFollower {
  readonly #file: number;
  #position: number;

  /**
   * @param from what lies before it was read already.
   * @throws what the file system says.
   */
  constructor(path: string, from: number) {
    this.#file = openSync(path, 'r');
    this.#position = from;
  }

  /**
   * What has come until now, in pieces.
   * @throws what the file system says.
   */
  read(maxBytes: number): Buffer[] {
    const { size } = fstatSync(this.#file);
    if (size < this.#position) this.#position = 0; // somebody emptied it
    const end = Math.min(size, this.#position + maxBytes);
    const pieces: Buffer[] = [];
    while (this.#position < end) {
      const piece = Buffer.alloc(Math.min(pieceBytes, end - this.#position));
      const count = readSync(this.#file, piece, 0, piece.byteLength, this.#position);
      if (count === 0) break; // emptied meanwhile
      this.#position += count;
      pieces.push(piece.subarray(0, count));
    }
    return pieces;
  }

  /** The log was emptied: what comes next is read from its start. */
  rewind(): void {
    this.#position = 0;
  }

  close(): void {
    closeSync(this.#file);
  }
}
