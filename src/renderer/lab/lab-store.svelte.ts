/**
 * All experiments as main describes them, and the requests that change them.
 * Never concludes anything itself: how far an experiment is comes from main only.
 */
import { SvelteMap } from 'svelte/reactivity';
import type {
  AppError,
  Experiment,
  ExperimentId,
  ExperimentSummary,
  LabPlan,
  MachineId,
} from '../../shared/index.ts';
import { asAppError, request, subscribe } from '../api/index.ts';
import { ExperimentCache } from './experiment-cache.ts';
import { freeName } from './free-name.ts';
import { msPerBoot } from './lab-time.ts';

/** What a new experiment starts from: a machine, Nandu's defaults (null), or an earlier plan. */
export type DraftStart = { machine: MachineId | null } | { plan: LabPlan };

/** What can be asked of an experiment and takes a moment. */
export type LabVerb = 'pause' | 'resume' | 'cancel' | 'remove' | 'export' | 'repeat';

/** So many experiments are asked what a boot takes, until one can tell. */
const mostAsked = 3;

/** Told of an experiment that is over, with what was before. */
export type EndListener = (after: ExperimentSummary) => void;

/** The experiments, newest first, as runes. */
export class LabStore {
  #list: readonly ExperimentSummary[] = $state.raw([]);
  #loaded = $state(false);
  #error: AppError | null = $state.raw(null);
  #draft: DraftStart | null = $state.raw(null);
  #msPerBoot: number | null = $state(null);
  readonly #pending = new SvelteMap<ExperimentId, LabVerb>();
  readonly #finished = new ExperimentCache((id) => request('lab:get', { id }));
  /** Counts the events, so that a slow answer does not undo a newer event. */
  #changes = 0;

  get list(): readonly ExperimentSummary[] {
    return this.#list;
  }

  get names(): ReadonlySet<string> {
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- made anew each time
    return new Set(this.#list.map(({ name }) => name));
  }

  get loaded(): boolean {
    return this.#loaded;
  }

  get error(): AppError | null {
    return this.#error;
  }

  /** What the dialog "New experiment" starts from; null while it is closed. */
  get draft(): DraftStart | null {
    return this.#draft;
  }

  /** The one that goes on now. */
  readonly going: ExperimentSummary | null = $derived.by(
    () => this.#list.find(({ state }) => state === 'running') ?? null,
  );

  find(id: string | null): ExperimentSummary | null {
    return this.#list.find((experiment) => experiment.id === id) ?? null;
  }

  pendingOf(id: ExperimentId): LabVerb | undefined {
    return this.#pending.get(id);
  }

  /** What a boot took in the newest experiment that can tell; null while none can. */
  get msPerBoot(): number | null {
    return this.#msPerBoot;
  }

  openDraft(start: DraftStart): void {
    this.#draft = start;
    void this.#learnTime();
  }

  closeDraft(): void {
    this.#draft = null;
  }

  /** Listens to main until the returned function is called. */
  connect(onended: EndListener): () => void {
    return subscribe('lab:changed', (summary) => {
      const before = this.find(summary.id);
      this.#put(summary);
      if (before?.state === 'running' && summary.state === 'finished') onended(summary);
    });
  }

  async load(): Promise<void> {
    const changes = this.#changes;
    this.#error = null;
    try {
      const listed = await request('lab:list');
      if (changes === this.#changes) this.#list = listed;
      // An event that overtook the answer knows one of them only.
      else {
        const newer = this.#list;
        this.#list = listed.map((one) => newer.find(({ id }) => id === one.id) ?? one);
      }
      this.#loaded = true;
      void this.#learnTime();
    } catch (thrown) {
      this.#error = asAppError(thrown);
    }
  }

  /** @throws {AppError} `illegal_state` while another one goes on. */
  async start(plan: LabPlan): Promise<Experiment> {
    const experiment = await request('lab:start', plan);
    // Its first event may come later, and the page wants to show it now.
    if (this.find(experiment.id) === null) this.#put(summaryOf(experiment));
    return experiment;
  }

  /** @throws {AppError} why it did not. */
  async pause(id: ExperimentId): Promise<void> {
    await this.#while(id, 'pause', async () => this.#put(await request('lab:pause', { id })));
  }

  /** @throws {AppError} `illegal_state` while another one goes on. */
  async resume(id: ExperimentId): Promise<void> {
    await this.#while(id, 'resume', async () => this.#put(await request('lab:resume', { id })));
  }

  /** @throws {AppError} */
  async cancel(id: ExperimentId): Promise<void> {
    await this.#while(id, 'cancel', async () => this.#put(await request('lab:cancel', { id })));
  }

  /** Ends it first where it goes on. @throws {AppError} */
  async remove(id: ExperimentId): Promise<void> {
    await this.#while(id, 'remove', async () => {
      if (this.find(id)?.state === 'running') await request('lab:pause', { id });
      await request('lab:remove', { id });
      this.#finished.forget(id);
      this.#changes += 1;
      this.#list = this.#list.filter((one) => one.id !== id);
    });
  }

  /** Another one with the same plan, and a name of its own. @throws {AppError} */
  async repeat(id: ExperimentId): Promise<Experiment | null> {
    return this.#while(id, 'repeat', async () => {
      const { plan } = await request('lab:get', { id });
      return this.start({ ...plan, name: freeName(plan.name, this.names) });
    });
  }

  /** @returns where it was saved; null when the person cancelled. @throws {AppError} */
  async export(id: ExperimentId, format: 'html' | 'json'): Promise<string | null> {
    return this.#while(id, 'export', () => request('lab:export', { id, format }));
  }

  /** All of a finished experiment, as {@link ExperimentCache} has it. @throws {AppError} */
  finished(id: ExperimentId): Promise<Experiment> {
    return this.#finished.get(id);
  }

  async #learnTime(): Promise<void> {
    const told = this.#list.filter(({ done, trouble }) => done > 3 && trouble !== 'nothing-ready');
    for (const { id, state } of told.slice(0, mostAsked)) {
      const asked = state === 'finished' ? this.finished(id) : request('lab:get', { id });
      const experiment = await asked.catch(() => null);
      const learned = experiment && msPerBoot(experiment);
      if (learned === null) continue;
      this.#msPerBoot = learned;
      return;
    }
    this.#msPerBoot = null;
  }

  #put(summary: ExperimentSummary): void {
    this.#changes += 1;
    const others = this.#list.filter(({ id }) => id !== summary.id);
    this.#list = [summary, ...others].sort((a, b) => b.createdAtMs - a.createdAtMs);
  }

  /** A second wish while the first is under way is dropped: null. */
  async #while<T>(id: ExperimentId, verb: LabVerb, work: () => Promise<T>): Promise<T | null> {
    if (this.#pending.has(id)) return null;
    this.#pending.set(id, verb);
    try {
      return await work();
    } finally {
      this.#pending.delete(id);
    }
  }
}

function summaryOf({ id, createdAtMs, state, reason, plan }: Experiment): ExperimentSummary {
  return {
    ...{ id, createdAtMs, state, reason, name: plan.name, booting: null },
    ...{ done: 0, trouble: null },
    variants: plan.variants.map(({ name }) => name),
    total: plan.variants.length * (plan.rounds + plan.warmUps),
  };
}
