/**
 * Speaks to Nandu's init in the guest over a virtio-serial port, one short line at a time.
 * The guest is an attacker: what it sends is bounded, parsed and never acted upon beyond "it greets".
 */
import type { Socket } from 'node:net';

const maxLineBytes = 1024;
/**
 * A guest that greets is about to start its shell; setting the size at that very moment made the
 * first prompt of an emulated guest 20 ms late.
 */
const settleMs = 250;

/** The host's end of the agent's port. */
export class AgentLink {
  readonly #socket: Socket;
  #pending = '';
  #greeted = false;
  #powerOffWanted = false;
  #settling: NodeJS.Timeout | null = null;
  #size: string | null = null;

  /** @param socket connected; the link ends it when it is closed. */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk.toString('latin1')));
    socket.on('error', () => undefined); // the port goes with its QEMU; "close" follows
    socket.once('close', () => this.#settling !== null && clearTimeout(this.#settling));
  }

  /** Whether an agent that speaks our protocol has answered; without one nothing is worth sending. */
  get present(): boolean {
    return this.#greeted && !this.#socket.destroyed;
  }

  /** Tells the guest how large the terminal is, once it has settled; its programs get SIGWINCH. */
  setSize(columns: number, rows: number): void {
    const line = `size ${columns} ${rows}`;
    if (this.#greeted && this.#settling === null) this.#send(line);
    else this.#size = line;
  }

  /** Asks the guest to power off: now, or as soon as its agent greets. */
  powerOff(): void {
    if (this.present) this.#send('poweroff');
    else this.#powerOffWanted = true;
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(line: string): void {
    // A guest that reads nothing must not make us keep everything.
    if (this.#socket.destroyed || this.#socket.writableLength > 64 * 1024) return;
    this.#socket.write(`${line}\n`);
  }

  #read(text: string): void {
    this.#pending += text;
    const lines = this.#pending.split('\n');
    this.#pending = (lines.pop() ?? '').slice(-maxLineBytes);
    if (!lines.some((line) => /^hello 1( |$)/.test(line.trimEnd()))) return;
    if (!this.#greeted) this.#settling = setTimeout(() => this.#settle(), settleMs);
    this.#greeted = true;
    if (this.#powerOffWanted) this.#send('poweroff');
  }

  #settle(): void {
    this.#settling = null;
    if (this.#size !== null) this.#send(this.#size);
    this.#size = null;
  }
}
