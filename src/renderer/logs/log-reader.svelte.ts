/**
 * The text of one run's log, as main last read it.
 * Never cleans the text: main has taken out the control sequences already.
 */
import type { AppError, LogKind, LogText, RunId } from '../../shared/index.ts';
import { asAppError, request } from '../api/index.ts';

/** A log as a rune; only the answer to the last question is shown. */
export class LogReader {
  #text: LogText | null = $state.raw(null);
  #error: AppError | null = $state.raw(null);
  #loading = $state(false);
  #of = '';
  #load = 0;

  get text(): LogText | null {
    return this.#text;
  }

  get error(): AppError | null {
    return this.#error;
  }

  get loading(): boolean {
    return this.#loading;
  }

  /** Reads; the old text stays in view while the same log is read again. */
  async read(runId: RunId, kind: LogKind): Promise<void> {
    this.#load += 1;
    const load = this.#load;
    const of = `${runId}:${kind}`;
    if (of !== this.#of) this.#text = null;
    this.#of = of;
    this.#loading = true;
    this.#error = null;
    try {
      const text = await request('log:read', { runId, kind });
      if (load === this.#load) this.#text = text;
    } catch (thrown) {
      if (load === this.#load) this.#error = asAppError(thrown);
    } finally {
      if (load === this.#load) this.#loading = false;
    }
  }
}
