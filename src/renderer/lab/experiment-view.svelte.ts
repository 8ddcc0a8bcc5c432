/**
 * One experiment with all of its results, loaded anew whenever main says that there are more.
 * Never more than one question at a time: a busy experiment does not pile them up.
 */
import { untrack } from 'svelte';
import {
  figuresOf,
  type AppError,
  type Experiment,
  type ExperimentId,
  type ExperimentSummary,
  type VariantFigures,
} from '../../shared/index.ts';
import { asAppError, request } from '../api/index.ts';
import { measuredSoFar } from './experiment-cache.ts';

/** The experiment that is looked at, as runes; made while its page is. */
export class ExperimentView {
  readonly #id: ExperimentId;
  #experiment: Experiment | null = $state.raw(null);
  #error: AppError | null = $state.raw(null);
  #loading = false;
  #again = false;

  /** @param summary as main last told it. */
  constructor(id: ExperimentId, summary: () => ExperimentSummary | null) {
    this.#id = id;
    // Which variant boots now changes nothing of what was measured: that is no reason to fetch it all.
    const measured = $derived.by(() => {
      const told = summary();
      return told && measuredSoFar(told);
    });
    $effect(() => {
      void measured;
      untrack(() => void this.load());
    });
  }

  get experiment(): Experiment | null {
    return this.#experiment;
  }

  get error(): AppError | null {
    return this.#error;
  }

  /** Of each variant, with the very numbers that the report has. */
  readonly figures: readonly VariantFigures[] = $derived.by(() => {
    const experiment = this.#experiment;
    if (experiment === null) return [];
    return figuresOf(experiment.plan, experiment.results);
  });

  async load(): Promise<void> {
    this.#again = this.#loading;
    if (this.#loading) return;
    this.#loading = true;
    try {
      this.#experiment = await request('lab:get', { id: this.#id });
      this.#error = null;
    } catch (thrown) {
      this.#error = asAppError(thrown);
    } finally {
      this.#loading = false;
    }
    if (this.#again) await this.load();
  }
}
