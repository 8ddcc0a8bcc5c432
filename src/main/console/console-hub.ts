/**
 * A machine's console across its runs: drains the serial socket at once and always, keeps the tail,
 * feeds the views. Never pauses the socket for a view: that would stall the guest and its boot time.
 */
import type { Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import { consoleReplayBytes, type Accelerator } from '../../shared/index.ts';
import { ConsoleView, type ViewSink } from './console-view.ts';
import { logEnd } from './log-end.ts';
import { OutputFeed, type ConsoleLog } from './output-feed.ts';
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
/** A guest that writes faster than is read must not keep everything else waiting. */
const flushBytes = 4 * 1024 * 1024;
/** QEMU sends, then logs: what was not logged yet when it came is there after so long, on cores that are not both taken. */
const logLagMs = 1;
/** When a console has rested so long, nothing is on its way, neither by the socket nor to the log. */
const restMs = 250;
const lineFeed = 0x0a;
/** What a shell waits with. A colon is none of them: a kernel's log is full of those. */
const promptEnds = ['# ', '$ ', '% ', '> '].map((text) => Buffer.from(text));

/** What is behind a console's socket. */
export interface ConsoleSource {
  /** How often views are fed depends on it. */
  readonly accelerator: Accelerator;
  /** Where its socket does not get everything; null for a serial line. */
  readonly log: ConsoleLog | null;
  /** Told of every chunk as it arrives. */
  readonly onOutput: (chunk: Uint8Array) => void;
  /** Told where the log cannot be followed: the socket's output is shown then. */
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
  #feed: OutputFeed | null = null;
  #lastByte = 0;
  #typedAtMs = -Infinity;
  #arrivedAtMs = -Infinity;
  #sentAtMs = -Infinity;
  #gathering: NodeJS.Timeout | null = null;
  #longestGatherMs = longestGatherMs;
  #receivedBytes = 0;
  #resting: NodeJS.Timeout | null = null;

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
    this.#takeAll();
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
    this.#tail.push(logEnd(logPath, consoleReplayBytes + 1));
    for (const view of this.#views) view.replay();
  }

  /**
   * Drains a connected socket until it ends.
   * @returns resolves when the last byte was read; never rejects, because a console that is torn
   *   down with its QEMU is an expected end.
   */
  attach(socket: Socket, source: ConsoleSource): Promise<void> {
    const { accelerator, log, onOutput, onProblem } = source;
    this.#loaded = true;
    const feed = new OutputFeed(log, onProblem);
    this.#feed?.close();
    this.#feed = feed;
    if (log !== null && log.from > 0) {
      this.#tail.clear();
      this.#tail.push(logEnd(log.path, consoleReplayBytes + 1, log.from));
      for (const view of this.#views) view.replay();
    }
    const shared = accelerator === 'tcg' && availableParallelism() <= fewCores;
    this.#longestGatherMs = shared ? longestEmulatedGatherMs : longestGatherMs;
    this.#socket = socket;
    this.#announce(true);
    socket.on('data', (chunk: Buffer) => {
      onOutput(chunk);
      feed.push(chunk);
      this.#arrivedAtMs = performance.now();
      // No more often than ticks: a guest may print nothing but prompts.
      const isPrompt = this.#arrivedAtMs - this.#sentAtMs >= tickMs && this.#endsLikePrompt(chunk);
      if (this.#gathering === null || isPrompt) this.#flushSoon(feed);
      else if (feed.untakenBytes >= gatherBytes) this.#flush();
      this.#gathering ??= setTimeout(() => this.#tick(), tickMs);
      this.#lastByte = chunk.at(-1) ?? this.#lastByte;
    });
    return new Promise((resolve) => {
      socket.on('error', () => undefined); // "close" follows and says all that matters
      socket.once('close', () => {
        if (this.#socket === socket) {
          this.#socket = null;
          this.#takeAll();
          feed.close();
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
    this.#takeAll(); // the replay below has it all
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
    this.#takeAll();
    const { data } = this.#tail.snapshot();
    const text = Buffer.from(data.subarray(Math.max(0, data.byteLength - 64 * 1024))).toString();
    return plainText(text)
      .split(/\r?\n/)
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
      .slice(-count);
  }

  /** Takes what a log has left, has it emptied, and goes on from its start. @param cut does so at once. */
  aroundCut(cut: () => void): void {
    this.#takeAll();
    cut();
    this.#feed?.rewind();
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
    const due =
      now - this.#typedAtMs < typingMs ||
      (this.#lastByte !== lineFeed && now - this.#arrivedAtMs >= tickMs) ||
      now - this.#sentAtMs >= this.#longestGatherMs;
    if (due && !this.#flush() && this.#feed?.untakenBytes === 0) {
      this.#gathering = null;
      if (this.#feed.followsLog) this.#restLater(restMs);
      return;
    }
    this.#gathering = setTimeout(() => this.#tick(), tickMs);
  }

  #restLater(ms: number): void {
    if (this.#resting === null) this.#resting = setTimeout(() => this.#rest(), ms);
  }

  /** A last look at the log: its writer may have been held up between its socket and its log. */
  #rest(): void {
    this.#resting = null;
    const restedMs = performance.now() - this.#arrivedAtMs;
    if (restedMs < restMs) {
      this.#restLater(restMs - restedMs);
      return;
    }
    const arrivedAtMs = this.#arrivedAtMs;
    this.#takeAll();
    // Timers come before what waits in the socket where this process was held up.
    setImmediate(() => {
      if (this.#arrivedAtMs === arrivedAtMs) this.#feed?.settle();
    });
  }

  /** At once, or as soon as the log has it. */
  #flushSoon(feed: OutputFeed): void {
    this.#flush();
    if (feed.untakenBytes > 0) setTimeout(() => this.#flush(), logLagMs);
  }

  /** All that is there now. */
  #takeAll(): void {
    this.#flush(Infinity);
  }

  /** @returns whether there was anything. */
  #flush(maxBytes = flushBytes): boolean {
    const pieces = this.#feed?.take(maxBytes) ?? [];
    if (pieces.length === 0) return false;
    this.#sentAtMs = performance.now();
    for (const data of pieces) {
      this.#receivedBytes += data.byteLength;
      this.#tail.push(data);
      for (const view of this.#views) view.send(data);
    }
    return true;
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
