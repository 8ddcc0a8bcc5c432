/**
 * A machine's console across its runs: drains its socket at once and always, keeps the end of what was said, feeds the
 * views. Never pauses the socket for a view: that would stall the guest and its boot time.
 */
import type { Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import { consoleReplayBytes, type Accelerator } from '../../shared/index.ts';
import { ConsoleView, type ViewSink } from './console-view.ts';
import { logEnd, logSize } from './log-end.ts';
import { dryMs, OutputFeed, type ConsoleLog } from './output-feed.ts';
import { lastLines } from './plain-text.ts';
import { endsLikePrompt } from './prompt-end.ts';
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
/** QEMU sends, then logs: what was not logged yet when it came is there after so long, on cores that are not both taken. */
const logLagMs = 1;
/** A console that has rested so long is looked at again: QEMU may have been held up between its socket and its log. */
const restMs = 250;
const lineFeed = 0x0a;

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
    this.#flush();
    this.#feed?.close();
    this.#loaded = true;
    const feed = new OutputFeed(log && this.#showPast(log, onProblem), onProblem);
    this.#feed = feed;
    const shared = accelerator === 'tcg' && availableParallelism() <= fewCores;
    this.#longestGatherMs = shared ? longestEmulatedGatherMs : longestGatherMs;
    this.#socket = socket;
    this.#announce(true);
    socket.on('data', (chunk: Buffer) => {
      onOutput(chunk);
      feed.push(chunk);
      this.#arrivedAtMs = performance.now();
      // No more often than ticks: a guest may print nothing but prompts.
      const isPrompt =
        this.#arrivedAtMs - this.#sentAtMs >= tickMs && endsLikePrompt(chunk, this.#lastByte);
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
          this.#flush();
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
    this.#flush();
    return lastLines(this.#tail.snapshot().data, count);
  }

  /** For who rotates a log: takes what is there now. */
  catchUp(): void {
    this.#flush();
  }

  /** For who rotates a log: it is empty now. It may be another than the one that is followed, of a run that has ended. */
  emptied(path: string): void {
    if (this.#feed?.logPath === path) this.#feed.rewind();
  }

  /** What lies before the log's part that will be followed. @returns where that begins: the log may have been rotated since. */
  #showPast(log: ConsoleLog, onProblem: ConsoleSource['onProblem']): ConsoleLog {
    const past = this.#tail.snapshot().data.byteLength;
    try {
      const from = Math.min(log.from, logSize(log.path));
      if (from === 0 && past === 0) return { ...log, from };
      this.#tail.clear();
      this.#tail.push(logEnd(log.path, consoleReplayBytes + 1, from));
      for (const view of this.#views) view.replay();
      return { ...log, from };
    } catch (error) {
      onProblem(error);
      return log;
    }
  }

  /** Runs while output comes; ends after a tick without any. */
  #tick(): void {
    const now = performance.now();
    const due =
      now - this.#typedAtMs < typingMs ||
      ((this.#feed?.untakenBytes === 0 || this.#lastByte !== lineFeed) &&
        now - this.#arrivedAtMs >= tickMs) ||
      now - this.#sentAtMs >= this.#longestGatherMs;
    if (due && !this.#flush() && this.#feed?.untakenBytes === 0) {
      this.#gathering = null;
      if (this.#feed.logPath !== null) this.#restLater(restMs);
      return;
    }
    this.#gathering = setTimeout(() => this.#tick(), tickMs);
  }

  /** In the place of a later look that is awaited: each rest begins anew. */
  #restLater(ms: number): void {
    if (this.#resting !== null) clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.#rest(), ms);
  }

  /** Two last looks at the log, the second when its writer cannot be held up any more. */
  #rest(): void {
    this.#resting = null;
    const arrivedAtMs = this.#arrivedAtMs;
    const restedMs = performance.now() - arrivedAtMs;
    if (restedMs < restMs) {
      this.#restLater(restMs - restedMs);
      return;
    }
    this.#flush();
    if (restedMs >= dryMs) return;
    this.#restLater(dryMs - restedMs);
    // Timers come before what waits in the socket where this process was held up.
    setImmediate(() => {
      const feed = this.#feed;
      if (this.#arrivedAtMs === arrivedAtMs && feed?.untakenBytes === 0) feed.settle();
    });
  }

  /** At once, or as soon as the log has it. */
  #flushSoon(feed: OutputFeed): void {
    if (this.#flush()) return;
    // What comes meanwhile is looked for no more often.
    this.#sentAtMs = performance.now();
    if (feed.untakenBytes > 0) setTimeout(() => this.#flush(), logLagMs);
  }

  /** @returns whether there was anything. */
  #flush(): boolean {
    const { pieces, skippedBytes } = this.#feed?.take() ?? { pieces: [], skippedBytes: 0 };
    if (pieces.length === 0) return false;
    this.#sentAtMs = performance.now();
    this.#receivedBytes += skippedBytes;
    if (skippedBytes > 0) this.#tail.clear();
    for (const data of pieces) {
      this.#receivedBytes += data.byteLength;
      this.#tail.push(data);
      if (skippedBytes === 0) for (const view of this.#views) view.send(data);
    }
    if (skippedBytes > 0) for (const view of this.#views) view.refresh();
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
