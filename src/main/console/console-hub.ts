/**
 * A machine's console across its runs: drains the serial socket at once and always, keeps the tail,
 * feeds the views. Never pauses the socket for a view: that would stall the guest and its boot time.
 */
import type { Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import { consoleReplayBytes, type Accelerator } from '../../shared/index.ts';
import { ConsoleView, type ViewSink } from './console-view.ts';
import { logEnd, logSize } from './log-end.ts';
import { plainText } from './plain-text.ts';
import { TailBuffer } from './tail-buffer.ts';

/** Input that a guest has not taken yet; beyond it typing is dropped, as a full line would. */
const maxPendingInputBytes = 16 * 1024 * 1024;

/**
 * A serial line delivers byte by byte; a message for each would cost more than the boot it shows.
 * The first after a rest goes at once, so that an echo is not late, and so does what ends like a prompt. What
 * follows is gathered until the wait grows long, or until the guest rests in the middle of a line.
 */
const tickMs = 8;
/** Three frames of a 60 Hz screen: output that flows is seen to flow. */
const longestGatherMs = 48;
/**
 * An emulated guest shares the cores with the drawing. With two cores and no GPU, 16 frames a second
 * made its boot 5 % longer, 4 do not show in the measurements.
 */
const longestEmulatedGatherMs = 250;
const fewCores = 4;
/** Whoever types looks at what comes back: for so long after a key nothing is gathered longer. */
const typingMs = 300;
const gatherBytes = 64 * 1024;
/**
 * QEMU's virtio console drops what its socket has no room for, but writes it to the log first (hw/char/virtio-console.c,
 * `flush_buf`; chardev/char.c, `qemu_chr_write_buffer`). So much must have come for a socket to be full.
 */
const suspectBytes = 64 * 1024;
/** When a flood has rested so long, both have all of it. */
const restMs = 500;
const lineFeed = 0x0a;
/** What a shell waits with. A colon is none of them: a kernel's log is full of those. */
const promptEnds = ['# ', '$ ', '% ', '> '].map((text) => Buffer.from(text));

/** What is behind a console's socket. */
export interface ConsoleSource {
  /** How often views are fed depends on it. */
  readonly accelerator: Accelerator;
  /** QEMU's own log of the same output, from which views get what the socket lacked. */
  readonly logPath: string;
  /** Told of every chunk as it arrives. */
  readonly onOutput: (chunk: Uint8Array) => void;
  /** Told where the log cannot be read. */
  readonly onProblem: (error: unknown) => void;
}

/** What a view can do with the console it watches. */
export interface ViewHandle {
  input(data: string): void;
  acknowledge(bytes: number): void;
  close(): void;
}

/** One machine's console. */
export class ConsoleHub {
  readonly #tail = new TailBuffer(consoleReplayBytes);
  readonly #views = new Set<ConsoleView>();
  #socket: Socket | null = null;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #lastByte = 0;
  #typedAtMs = -Infinity;
  #arrivedAtMs = -Infinity;
  #sentAtMs = -Infinity;
  #gathering: NodeJS.Timeout | null = null;
  #longestGatherMs = longestGatherMs;
  #receivedBytes = 0;
  #source: ConsoleSource | null = null;
  #uncheckedBytes = 0;
  /** The log's size, and what had been received, when the two were last compared. */
  #compared = { logBytes: 0, receivedBytes: 0 };
  #checking: NodeJS.Timeout | null = null;

  /** Whether the tail still has to be filled from the last run's log. */
  #loaded = false;

  /** Counts up over all runs; what the console's log has grown by can be seen from it. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get connected(): boolean {
    return this.#socket !== null;
  }

  /** A new run begins: the past of the last one is in its log. */
  reset(): void {
    this.#flush();
    this.#tail.clear();
    this.#uncheckedBytes = 0;
    this.#loaded = true;
    for (const view of this.#views) view.replay();
  }

  /**
   * Fills an empty console with the end of a log, as after the app was started anew.
   * Does nothing once the console has had output of its own.
   */
  loadOnce(logPath: string): void {
    if (this.#loaded) return;
    this.#loaded = true;
    this.#tail.push(logEnd(logPath, consoleReplayBytes + 1));
    for (const view of this.#views) view.replay();
  }

  /**
   * Drains a connected socket until it ends.
   * @returns resolves when the last byte was read; never rejects, because a console that is torn
   *   down with its QEMU is an expected end.
   */
  attach(socket: Socket, source: ConsoleSource): Promise<void> {
    const { accelerator, onOutput } = source;
    this.#loaded = true;
    this.#source = source;
    this.#compare(logSize(source.logPath));
    const shared = accelerator === 'tcg' && availableParallelism() <= fewCores;
    this.#longestGatherMs = shared ? longestEmulatedGatherMs : longestGatherMs;
    this.#socket = socket;
    this.#announce(true);
    socket.on('data', (chunk: Buffer) => {
      this.#receivedBytes += chunk.byteLength;
      this.#uncheckedBytes += chunk.byteLength;
      onOutput(chunk);
      this.#tail.push(chunk);
      this.#gathered.push(chunk);
      this.#gatheredBytes += chunk.byteLength;
      this.#arrivedAtMs = performance.now();
      if (this.#gathering === null) {
        this.#flush();
        this.#gathering = setTimeout(() => this.#tick(), tickMs);
      }
      // No more often than ticks: a guest may print nothing but prompts.
      const isPrompt = this.#arrivedAtMs - this.#sentAtMs >= tickMs && this.#endsLikePrompt(chunk);
      if (isPrompt || this.#gatheredBytes >= gatherBytes) this.#flush();
      this.#lastByte = chunk.at(-1) ?? this.#lastByte;
    });
    return new Promise((resolve) => {
      socket.on('error', () => undefined); // "close" follows and says all that matters
      socket.once('close', () => {
        if (this.#socket === socket) {
          this.#socket = null;
          this.#flush();
          this.#checkLater();
          this.#announce(false);
        }
        resolve();
      });
    });
  }

  /** Lets go of the line; whoever connects next gets what comes from then on. */
  detach(): void {
    this.#socket?.destroy();
  }

  /** Adds a view and shows it the past. */
  open(sink: ViewSink): ViewHandle {
    this.#flush(); // the replay below has it all
    const view = new ConsoleView(sink, this.#tail);
    this.#views.add(view);
    view.replay();
    view.state(this.connected);
    return {
      input: (data) => this.#write(data),
      acknowledge: (bytes) => view.acknowledge(bytes),
      close: () => void this.#views.delete(view),
    };
  }

  /** The last lines as text without control sequences, for messages about how a run ended. */
  lastLines(count: number): string[] {
    const { data } = this.#tail.snapshot();
    const text = Buffer.from(data.subarray(Math.max(0, data.byteLength - 64 * 1024))).toString();
    return plainText(text)
      .split(/\r?\n/)
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
      .slice(-count);
  }

  /** The line delivers byte by byte: the end may have come in two chunks. */
  #endsLikePrompt(chunk: Uint8Array): boolean {
    const last = chunk.at(-1);
    const before = chunk.byteLength > 1 ? chunk.at(-2) : this.#lastByte;
    return promptEnds.some(([sign, space]) => before === sign && last === space);
  }

  /** Runs while output comes; ends after a tick without any. */
  #tick(): void {
    const now = performance.now();
    const inLine = this.#gathered.at(-1)?.at(-1) !== lineFeed;
    const due =
      now - this.#typedAtMs < typingMs ||
      (inLine && now - this.#arrivedAtMs >= tickMs) ||
      now - this.#sentAtMs >= this.#longestGatherMs;
    if (this.#gathered.length === 0 && due) {
      this.#gathering = null;
      this.#checkLater();
      return;
    }
    if (due) this.#flush();
    this.#gathering = setTimeout(() => this.#tick(), tickMs);
  }

  #checkLater(): void {
    if (this.#uncheckedBytes < suspectBytes || this.#checking !== null) return;
    this.#checking = setTimeout(() => this.#check(), restMs);
  }

  /** Holds what the views were shown of a flood against its log. */
  #check(): void {
    this.#checking = null;
    const restedMs = performance.now() - this.#arrivedAtMs;
    if (restedMs < restMs) {
      this.#checking = setTimeout(() => this.#check(), restMs - restedMs);
      return;
    }
    // Timers come before what waits in the socket where this process was held up.
    const received = this.#receivedBytes;
    setImmediate(() => {
      if (this.#receivedBytes === received) this.#heal();
      else this.#checkLater();
    });
  }

  /** Takes the log's end where it has grown by more than came: it may as well have less, on a full disk or after a rotation. */
  #heal(): void {
    const source = this.#source;
    if (source === null) return;
    this.#uncheckedBytes = 0;
    try {
      const logBytes = logSize(source.logPath);
      const grown = logBytes - this.#compared.logBytes;
      const lacked = grown > this.#receivedBytes - this.#compared.receivedBytes;
      this.#compare(logBytes);
      if (!lacked) return;
      this.#tail.clear();
      this.#tail.push(logEnd(source.logPath, consoleReplayBytes + 1));
      for (const view of this.#views) view.refresh();
    } catch (error) {
      source.onProblem(error);
    }
  }

  #compare(logBytes: number): void {
    this.#compared = { logBytes, receivedBytes: this.#receivedBytes };
  }

  #flush(): void {
    const [first, ...more] = this.#gathered;
    if (first === undefined) return;
    const data = more.length === 0 ? first : Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#sentAtMs = performance.now();
    for (const view of this.#views) view.send(data);
  }

  #write(data: string): void {
    const socket = this.#socket;
    if (socket === null || socket.writableLength > maxPendingInputBytes) return;
    this.#typedAtMs = performance.now();
    socket.write(data);
  }

  #announce(connected: boolean): void {
    for (const view of this.#views) view.state(connected);
  }
}
