/**
 * Finished experiments as they were fetched: they do not change any more.
 * Must never keep one that goes on, nor an answer that was a refusal.
 */
import type { Experiment, ExperimentId, ExperimentSummary } from '../../shared/index.ts';

/** As many as the advisor reads of one machine. */
const mostKept = 20;

/** What was fetched, the last asked for last. */
export class ExperimentCache {
  readonly #ask: (id: ExperimentId) => Promise<Experiment>;
  readonly #asked = new Map<ExperimentId, Promise<Experiment>>();

  constructor(ask: (id: ExperimentId) => Promise<Experiment>) {
    this.#ask = ask;
  }

  /** @param id of one that is finished. @throws {AppError} */
  get(id: ExperimentId): Promise<Experiment> {
    const asked = this.#asked.get(id) ?? this.#ask(id);
    this.#asked.delete(id);
    this.#asked.set(id, asked);
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > mostKept && oldest !== undefined) this.#asked.delete(oldest);
    // One that could not be had is asked for again the next time.
    asked.catch(() => this.#asked.delete(id));
    return asked;
  }

  forget(id: ExperimentId): void {
    this.#asked.delete(id);
  }
}

/** Stays the same while nothing new was measured, whichever variant boots now. */
export function measuredSoFar({ state, done }: Pick<ExperimentSummary, 'state' | 'done'>): string {
  return `${state} ${done}`;
}
