/**
 * A machine's console across its runs: drains the serial socket at once and always, keeps the tail,
 * feeds the views. Never pauses the socket for a view: that would stall the guest and its boot time.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import { consoleReplayBytes, type Accelerator } from '../../shared/index.ts';
import { ConsoleView, type ViewSink } from './console-view.ts';
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
const lineFeed = 0x0a;
/** What a shell waits with. A colon is none of them: a kernel's log is full of those. */
const promptEnds = ['# ', '$ ', '% ', '> '].map((text) => Buffer.from(text));

/** Told of every chunk as it arrives. */
export type OutputListener = (chunk: Uint8Array) => void;

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
    // Right after a rotation most of the past is in the part that was moved aside.
    for (const path of [`${logPath}.1`, logPath]) {
      for (const chunk of readTail(path)) this.#tail.push(chunk);
    }
    for (const view of this.#views) view.replay();
  }

  /**
   * Drains a connected socket until it ends.
   * @param accelerator of the guest behind it; how often views are fed depends on it.
   * @returns resolves when the last byte was read; never rejects, because a console that is torn
   *   down with its QEMU is an expected end.
   */
  attach(socket: Socket, accelerator: Accelerator, onOutput: OutputListener): Promise<void> {
    this.#loaded = true;
    const shared = accelerator === 'tcg' && availableParallelism() <= fewCores;
    this.#longestGatherMs = shared ? longestEmulatedGatherMs : longestGatherMs;
    this.#socket = socket;
    this.#announce(true);
    socket.on('data', (chunk: Buffer) => {
      this.#receivedBytes += chunk.byteLength;
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
      return;
    }
    if (due) this.#flush();
    this.#gathering = setTimeout(() => this.#tick(), tickMs);
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

/** Text as a log viewer would show it: without escape sequences and other control characters. */
export function plainText(text: string): string {
  return (
    text
      // ECMA-48: CSI … final, OSC … BEL or ST, and two-character escapes.
      // eslint-disable-next-line no-control-regex -- control characters are what this removes
      .replaceAll(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])/g, '')
      // eslint-disable-next-line no-control-regex -- as above
      .replaceAll(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g, '')
  );
}

function readTail(path: string): Uint8Array[] {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // never printed, or pruned
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    const wanted = Math.min(size, consoleReplayBytes + 1);
    const data = new Uint8Array(wanted);
    const read = readSync(file, data, 0, wanted, size - wanted);
    return [data.subarray(0, read)];
  } finally {
    closeSync(file);
  }
}
