/**
 * Owns the commands that wait for the socket to take them, because QEMU may be slow to read.
 * Must never hand the socket more than it wants, nor send what was called off before its turn.
 */
import type { Socket } from 'node:net';

/** Lines in order; the socket's own buffer is not used as a queue, so that a line can be withdrawn. */
export class Outbox {
  readonly #socket: Socket;
  readonly #waiting = new Map<string, string>();
  #blocked = false;

  /** @param socket gets one `drain` listener for the life of the session. */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('drain', () => {
      this.#blocked = false;
      this.#flush();
    });
  }

  /** @param line without its newline. */
  send(id: string, line: string): void {
    this.#waiting.set(id, line);
    this.#flush();
  }

  /** Forgets a line if it has not gone yet. */
  withdraw(id: string): void {
    this.#waiting.delete(id);
  }

  #flush(): void {
    for (const [id, line] of this.#waiting) {
      if (this.#blocked || this.#socket.destroyed) return;
      this.#waiting.delete(id);
      this.#blocked = !this.#socket.write(`${line}\n`);
    }
  }
}
