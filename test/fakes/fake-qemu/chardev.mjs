/**
 * Owns one character device: a socket with one client at a time, or standard output.
 * Must never accept a second client while it has one, and forgets output that nobody reads, like QEMU.
 */
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';

/** @typedef {import('./command-line.mjs').ChardevSettings} ChardevSettings */

export class Chardev {
  /** @type {ChardevSettings} */
  #settings;
  #splits;
  /** @type {string | null} */
  #logFile = null;
  /**
   * The peer: a socket, or standard output.
   * @type {import('node:stream').Writable | null}
   */
  #client = null;
  /** @type {import('node:net').Socket[]} */
  #waiting = [];
  #written = Promise.resolve();
  /** Input that came while nobody takes any; null while somebody does. */
  #held = /** @type {Buffer[] | null} */ (null);

  /** Called for each client, when it is served. */
  onConnect = () => /** @type {void} */ (undefined);
  /** Called with each chunk from the client. */
  onData = (/** @type {Buffer} */ _chunk) => /** @type {void} */ (undefined);

  /**
   * @param {ChardevSettings} settings one of `parseCommandLine().chardevs`.
   * @param {boolean} splits whether to write byte by byte.
   */
  constructor(settings, splits) {
    this.#settings = settings;
    this.#splits = splits;
    if (settings.kind !== 'socket' || settings.logFile === undefined) return;
    this.#logFile = settings.logFile;
    if (!settings.logAppend) writeFileSync(this.#logFile, '');
  }

  get connected() {
    return this.#client !== null;
  }

  async open() {
    if (this.#settings.kind === 'stdio') this.#client = process.stdout;
    if (this.#settings.kind !== 'socket') return;
    const { path } = this.#settings;
    rmSync(path, { force: true });
    const server = createServer((socket) => {
      socket.pause();
      socket.on('error', () => undefined); // a client that hangs up; "close" follows
      this.#waiting.push(socket);
      // Its end is noticed even while it waits; a dead one would be served for ever.
      socket.once('close', () => this.#leave(socket));
      this.#serveNext();
    });
    await /** @type {Promise<void>} */ (
      new Promise((resolve, reject) => {
        server.once('error', reject).listen(path, resolve);
      })
    );
  }

  /**
   * Writes in order, at the client's pace; without a client only to the log file.
   * @param {string | Buffer} data
   * @param {{whole?: boolean}} [options] `whole` leaves the data in one piece whatever the behaviour says.
   * @returns resolves when the client has taken it or is gone.
   */
  write(data, { whole = false } = {}) {
    const bytes = Buffer.from(data);
    if (this.#logFile !== null) appendFileSync(this.#logFile, bytes);
    const client = this.#client;
    this.#written = this.#written.then(async () => {
      if (!this.#splits || whole) {
        await this.#put(client, bytes);
        return;
      }
      for (const byte of bytes) {
        await this.#put(client, Buffer.from([byte]));
        // Gives the other process time to read half a character, and a chance to read any byte.
        await (byte >= 0xc0 ? delay(1) : turn());
      }
    });
    return this.#written;
  }

  /** Resolves when all that was written is on its way. */
  flushed() {
    return this.#written;
  }

  /** Hands out no input until {@link resumeInput}. The socket is still read, or nobody would notice its end. */
  pauseInput() {
    this.#held ??= [];
  }

  resumeInput() {
    const held = this.#held ?? [];
    this.#held = null;
    for (const chunk of held) this.onData(chunk);
  }

  hangUp() {
    if (this.#settings.kind === 'socket') this.#client?.destroy();
  }

  /** QEMU removes its sockets when it ends by itself. */
  remove() {
    if (this.#settings.kind === 'socket') rmSync(this.#settings.path, { force: true });
  }

  #serveNext() {
    if (this.#client !== null) return;
    const socket = this.#waiting.shift();
    if (socket === undefined) return;
    this.#client = socket;
    socket.on('data', (chunk) => {
      if (this.#held === null) this.onData(chunk);
      else this.#held.push(chunk);
    });
    socket.resume();
    this.onConnect();
  }

  /** @param {import('node:net').Socket} socket */
  #leave(socket) {
    this.#waiting = this.#waiting.filter((other) => other !== socket);
    if (this.#client !== socket) return;
    this.#client = null;
    this.#serveNext();
  }

  /**
   * @param {import('node:stream').Writable | null} client
   * @param {Buffer} bytes
   */
  async #put(client, bytes) {
    if (client === null || client.destroyed || client.write(bytes)) return;
    await /** @type {Promise<void>} */ (
      new Promise((resolve) => {
        const done = () => {
          client.off('drain', done).off('close', done);
          resolve();
        };
        client.on('drain', done).on('close', done);
      })
    );
  }
}
