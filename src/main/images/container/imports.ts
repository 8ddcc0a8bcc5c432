/**
 * The imports under way and those that failed: starts them, tells how far they are, calls them off.
 * Tells a listener no more than ten times a second, and holds no password longer than its import lasts.
 */
import {
  AppError,
  toErrorData,
  type ImportId,
  type ImportProgress,
  type LayerProgress,
} from '../../../shared/index.ts';
import type { ImageLibrary, ImportOptions } from './library.ts';
import type { StoredImage } from './records.ts';

/** Between two reports of one import. */
const restMs = 100;

/** Who listens. */
export interface ImportsOptions {
  readonly library: Pick<ImageLibrary, 'import'>;
  readonly onProgress: (progress: ImportProgress) => void;
}

/** How one import is to be done. */
export type ImportWish = Pick<
  ImportOptions,
  'architecture' | 'credentials' | 'plainHttp' | 'onAccepted'
>;

interface Job {
  progress: ImportProgress;
  readonly end: AbortController;
  timer: NodeJS.Timeout | null;
  toldAtMs: number;
}

/** All imports of this Nandu. */
export class Imports {
  readonly #options: ImportsOptions;
  readonly #jobs = new Map<ImportId, Job>();

  constructor(options: ImportsOptions) {
    this.#options = options;
  }

  /** Those under way, and those that failed and were not dismissed; the oldest first. */
  list(): ImportProgress[] {
    return [...this.#jobs.values()].map(({ progress }) => progress);
  }

  /**
   * @returns the image once it is there.
   * @throws AppError as {@link ImageLibrary.import}; `illegal_state` for an id that is taken.
   */
  async start(importId: ImportId, image: string, wish: ImportWish): Promise<StoredImage> {
    if (this.#jobs.has(importId)) {
      throw new AppError('illegal_state', 'This import was begun already.');
    }
    const job: Job = {
      ...{ end: new AbortController(), timer: null, toldAtMs: 0 },
      progress: {
        ...{ importId, image: image.trim(), startedAtMs: Date.now(), step: 'waiting' },
        ...{ layers: [], builtBytes: 0, error: null },
      },
    };
    this.#jobs.set(importId, job);
    this.#change(job, {});
    try {
      const stored = await this.#options.library.import(image, {
        ...wish,
        signal: job.end.signal,
        onProgress: ({ step, layers, builtBytes }) =>
          this.#change(job, { step, builtBytes, layers: noLess(job.progress.layers, layers) }),
      });
      this.#finish(job, { step: 'done' });
      return stored;
    } catch (error) {
      const cancelled = error instanceof AppError && error.code === 'cancelled';
      this.#finish(
        job,
        cancelled ? { step: 'cancelled' } : { step: 'failed', error: toErrorData(error) },
      );
      throw error;
    }
  }

  /** One that is over already is left as it is. */
  cancel(importId: ImportId): void {
    this.#jobs.get(importId)?.end.abort();
  }

  /** Forgets one that failed; one under way is left as it is. */
  dismiss(importId: ImportId): void {
    if (this.#jobs.get(importId)?.progress.step === 'failed') this.#jobs.delete(importId);
  }

  /** Calls all off. */
  dispose(): void {
    for (const job of this.#jobs.values()) {
      job.end.abort();
      if (job.timer !== null) clearTimeout(job.timer);
    }
  }

  #change(job: Job, change: Partial<ImportProgress>): void {
    job.progress = { ...job.progress, ...change };
    if (job.timer !== null) return;
    const restsMs = job.toldAtMs + restMs - Date.now();
    if (restsMs <= 0) this.#tell(job);
    else job.timer = setTimeout(() => this.#tell(job), restsMs);
  }

  #finish(job: Job, change: Partial<ImportProgress>): void {
    job.progress = { ...job.progress, ...change };
    if (job.timer !== null) clearTimeout(job.timer);
    this.#tell(job);
    if (job.progress.step !== 'failed') this.#jobs.delete(job.progress.importId);
  }

  #tell(job: Job): void {
    job.timer = null;
    job.toldAtMs = Date.now();
    this.#options.onProgress(job.progress);
  }
}

/** A guess about a partial file that proved wrong must not make a bar run backwards. */
function noLess(before: readonly LayerProgress[], now: readonly LayerProgress[]): LayerProgress[] {
  const reached = new Map(before.map(({ digest, bytes }) => [digest, bytes]));
  return now.map((layer) => ({
    ...layer,
    bytes: Math.max(layer.bytes, reached.get(layer.digest) ?? 0),
  }));
}
