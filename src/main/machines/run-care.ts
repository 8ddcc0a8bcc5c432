/**
 * What a running QEMU needs once a second, whoever runs it: its state looked at, its logs and its trace bounded.
 * Must never run by itself: whoever watches a run calls it, and waits for it before the run's files go.
 */
import { maxLogBytes, rotateLog, type LogReader } from '../console/index.ts';
import type { RunFiles } from '../host/index.ts';

/** A state that changed behind our back is shown within this time. */
export const lookMs = 1_000;
/** A log that Nandu does not hear of is looked at every so many looks. */
const looksPerRotation = 15;

/** What is looked after. */
export interface CareParts {
  readonly files: Pick<RunFiles, 'consoleLog' | 'serialLog' | 'qemuLog'>;
  /** Null while there is none. */
  readonly live: () => { look(): void } | null;
  readonly hub: LogReader & { readonly receivedBytes: number };
  readonly onProblem: (error: unknown) => void;
  /** For tests: as {@link maxLogBytes}. */
  readonly maxBytes?: number;
}

/** The care of one run. */
export class RunCare {
  readonly #parts: CareParts;
  #looks = 0;
  /** How much its console had said when its log was last looked at. */
  #seenBytes = 0;
  #rotating: Promise<void> | null = null;

  constructor(parts: CareParts) {
    this.#parts = parts;
  }

  look(): void {
    const { live, hub, maxBytes = maxLogBytes } = this.#parts;
    live()?.look();
    this.#looks += 1;
    // The first look is one: what was taken over may have printed for days.
    const due = this.#looks % looksPerRotation === 1;
    // A log that has grown much is looked at at once.
    const grown = hub.receivedBytes - this.#seenBytes >= maxBytes / 4;
    if (this.#rotating === null && (due || grown)) this.#rotating = this.#rotate(maxBytes);
  }

  /** Resolves when no log of it is being rotated. */
  async rest(): Promise<void> {
    await this.#rotating;
  }

  async #rotate(maxBytes: number): Promise<void> {
    const { files, hub, onProblem } = this.#parts;
    this.#seenBytes = hub.receivedBytes;
    try {
      await rotateLog(files.consoleLog, maxBytes, hub);
      for (const log of [files.serialLog, files.qemuLog]) await rotateLog(log, maxBytes);
    } catch (error) {
      onProblem(error);
    } finally {
      this.#rotating = null;
    }
  }
}

/**
 * Looks after a run that no manager has.
 * @returns ends that; resolves when nothing of it writes any more.
 */
export function careFor(parts: CareParts): () => Promise<void> {
  const care = new RunCare(parts);
  const timer = setInterval(() => care.look(), lookMs);
  return async () => {
    clearInterval(timer);
    await care.rest();
  };
}
