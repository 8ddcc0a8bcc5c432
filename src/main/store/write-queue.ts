/**
 * Owns writes that must not be lost although the disk is full or the database is held by another now.
 * Must never change their order, or keep anybody waiting for them.
 */
import { AppError } from '../../shared/index.ts';

/** More waits would only help to use up the memory, too. */
const longestQueue = 10_000;

/** Before the first further attempt, and at most. */
const firstDelayMs = 250;
const longestDelayMs = 5_000;

/** Calls `work` once after `delayMs`, unless the function that it returns is called before. */
export type StartTimer = (work: () => void, delayMs: number) => () => void;

/** What a {@link WriteQueue} is built from. */
export interface WriteQueueOptions {
  /**
   * Hears of the first write that has to wait, and of the first that is given up because too many
   * wait: each once until the queue is empty again. Hears of every write that fails in another way,
   * which is dropped.
   */
  readonly onProblem: (label: string, error: unknown) => void;
  /** By default a timer of Node's that does not keep the process alive. */
  readonly startTimer?: StartTimer;
}

interface Entry {
  readonly label: string;
  readonly work: () => void;
}

/** Writes in the order in which they were asked for: at once if possible, else as soon as it is. */
export class WriteQueue {
  readonly #onProblem: WriteQueueOptions['onProblem'];
  readonly #startTimer: StartTimer;
  readonly #entries: Entry[] = [];
  #stopTimer: (() => void) | null = null;
  #delayMs = firstDelayMs;
  #draining = false;
  #disposed = false;
  #toldOfWaiting = false;
  #toldOfLoss = false;

  constructor({ onProblem, startTimer = startNodeTimer }: WriteQueueOptions) {
    this.#onProblem = onProblem;
    this.#startTimer = startTimer;
  }

  /** How many writes wait. */
  get length(): number {
    return this.#entries.length;
  }

  /**
   * Runs `work` now, or later if others wait or the database cannot be written; never throws its error.
   * @param label names it in a report.
   * @param work may be called again after it threw `disk_full` or `database_busy`: one statement, or
   *   one transaction.
   */
  write(label: string, work: () => void): void {
    this.#entries.push({ label, work });
    // The oldest is being written if the queue drains; it then counts as written.
    if (this.#entries.length > longestQueue) this.#dropOldest(this.#draining ? 1 : 0);
    if (this.#stopTimer === null) this.#drain();
  }

  /** Tries now what waits. @returns whether all is written. */
  flush(): boolean {
    this.#drain();
    return this.#entries.length === 0;
  }

  /** Ends all attempts; what still waits is lost, with a report. Call {@link flush} before. */
  dispose(): void {
    this.#disposed = true;
    this.#giveUp();
  }

  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#stopTimer?.();
    this.#stopTimer = null;
    try {
      for (let entry = this.#entries[0]; entry !== undefined; entry = this.#entries[0]) {
        try {
          entry.work();
          this.#delayMs = firstDelayMs;
        } catch (error) {
          if (mayWorkLater(error)) return this.#wait(entry, error);
          this.#entries.shift();
          this.#onProblem(entry.label, error);
          continue;
        }
        this.#entries.shift();
      }
      this.#toldOfWaiting = this.#toldOfLoss = false;
    } finally {
      this.#draining = false;
      // Only when onProblem threw: nothing else would come back for the others.
      if (this.#entries.length > 0 && this.#stopTimer === null) this.#retryLater();
    }
  }

  #wait(entry: Entry, error: unknown): void {
    this.#retryLater();
    if (this.#toldOfWaiting) return;
    this.#toldOfWaiting = true;
    this.#onProblem(entry.label, error);
  }

  #retryLater(): void {
    if (this.#disposed) return this.#giveUp();
    this.#stopTimer = this.#startTimer(() => this.#drain(), this.#delayMs);
    this.#delayMs = Math.min(2 * this.#delayMs, longestDelayMs);
  }

  #giveUp(): void {
    this.#stopTimer?.();
    this.#stopTimer = null;
    const [oldest, ...others] = this.#entries.splice(0);
    if (oldest === undefined) return;
    const also = others.length === 0 ? '' : ` and ${others.length} more`;
    this.#onProblem(oldest.label, lost(`“${oldest.label}”${also} could not be stored in time.`));
  }

  #dropOldest(index: number): void {
    const [dropped] = this.#entries.splice(index, 1);
    if (dropped === undefined || this.#toldOfLoss) return;
    this.#toldOfLoss = true;
    this.#onProblem(
      dropped.label,
      lost(`More than ${longestQueue} writes wait for the database: the oldest are given up.`),
    );
  }
}

/** Whether the same write can succeed once the disk has room or another program let go of the database. */
export function mayWorkLater(error: unknown): boolean {
  return (
    error instanceof AppError && (error.code === 'disk_full' || error.code === 'database_busy')
  );
}

function lost(message: string): AppError {
  return new AppError('internal', message);
}

function startNodeTimer(work: () => void, delayMs: number): () => void {
  const timer = setTimeout(work, delayMs).unref();
  return () => clearTimeout(timer);
}
