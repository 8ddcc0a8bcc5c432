/**
 * The runs of one machine: those that main has stored, with the current one in its newest form.
 * Never measures anything and never keeps runs of another machine.
 */
import { untrack } from 'svelte';
import type { AppError, MachineId, Run } from '../../shared/index.ts';
import { asAppError, request } from '../api/index.ts';
import { mergeRuns } from './statistics.ts';

/** The first page: enough for the last months, answered at once. */
const firstPage = 200;

/** Main gives no more than this. */
export const mostRuns = 10_000;

/** One machine's runs as runes, newest first. */
export class RunHistory {
  readonly #machineId: MachineId;
  readonly #current: () => Run | null;
  readonly #limit: number;
  #stored: readonly Run[] = $state.raw([]);
  #loaded = $state(false);
  #error: AppError | null = $state.raw(null);
  #load = 0;
  readonly runs: readonly Run[] = $derived.by(() => mergeRuns(this.#stored, this.#current()));

  constructor(machineId: MachineId, current: () => Run | null, limit: number) {
    this.#machineId = machineId;
    this.#current = current;
    this.#limit = limit;
  }

  get loaded(): boolean {
    return this.#loaded;
  }

  get error(): AppError | null {
    return this.#error;
  }

  /** For an effect: loads now, and again whenever a run begins or ends. */
  follow(): void {
    const run = this.#current();
    void run?.id;
    void run?.endedAtMs;
    untrack(() => void this.load());
  }

  /** A run that was noted or pinned; a new baseline takes the place of the old one. */
  put(run: Run): void {
    this.#stored = this.#stored.map((one) => {
      if (one.id === run.id) return run;
      return run.baseline && one.baseline ? { ...one, baseline: false } : one;
    });
  }

  async load(): Promise<void> {
    this.#load += 1;
    const load = this.#load;
    try {
      const first = Math.min(firstPage, this.#limit);
      const newest = await this.#ask(first);
      if (load !== this.#load) return;
      this.#stored = mergeOlder(newest, this.#stored);
      this.#loaded = true;
      this.#error = null;
      if (newest.length < first || first === this.#limit || this.#stored.length > first) return;
      const all = await this.#ask(this.#limit);
      if (load === this.#load) this.#stored = all;
    } catch (error) {
      if (load === this.#load) this.#error = asAppError(error);
    }
  }

  #ask(limit: number): Promise<Run[]> {
    return request('run:list', { machineId: this.#machineId, limit });
  }
}

/** A fresh first page, followed by what was known of older runs. */
function mergeOlder(newest: readonly Run[], known: readonly Run[]): readonly Run[] {
  const oldest = newest.at(-1)?.number ?? Number.POSITIVE_INFINITY;
  return [...newest, ...known.filter((run) => run.number < oldest)];
}
