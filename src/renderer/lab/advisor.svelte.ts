/**
 * What the advisor knows of one machine: the experiments that speak of it, what they advise, what was applied.
 * Never applies anything that nobody pressed.
 */
import { untrack } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import {
  differingPaths,
  type Experiment,
  type ExperimentId,
  type HostStatus,
  type LabPlan,
  type MachineId,
  type MachineSpec,
  type MachineView,
  type RunId,
} from '../../shared/index.ts';
import { asAppError, request } from '../api/index.ts';
import { adviceFor, leversOf, questionOf, type Advice, type Advices } from './advice.ts';
import { ofMachine } from './draft-plan.ts';
import type { LabStore } from './lab-store.svelte.ts';
import { VariantChecks } from './variant-checks.svelte.ts';

/** More would only hold older words about the same. */
const mostExperiments = 20;

/** What was applied last, so that one press takes it back; kept while other pages are looked at. */
interface Applied {
  readonly key: string;
  readonly title: string;
  readonly spec: MachineSpec;
  /** The machine’s run at that time; null where it had none. */
  readonly runBefore: RunId | null;
}
const appliedTo = new SvelteMap<MachineId, Applied>();

/** The advisor of a machine, as runes; made while its card is. */
export class Advisor {
  readonly #lab: LabStore;
  readonly #machine: () => MachineView;
  readonly #host: () => HostStatus | null;
  readonly #checks = new VariantChecks();
  readonly #experiments = new SvelteMap<ExperimentId, Experiment>();
  #loaded = $state(false);
  #working: string | null = $state(null);
  #failure: string | null = $state(null);

  constructor(lab: LabStore, machine: () => MachineView, host: () => HostStatus | null) {
    this.#lab = lab;
    this.#machine = machine;
    this.#host = host;
    $effect(() => {
      const missing = this.#finished.filter((id) => !this.#experiments.has(id));
      if (lab.loaded) untrack(() => void this.#load(missing));
    });
    $effect(() => {
      const status = host();
      const { id, spec } = machine();
      if (!status) return;
      const levers = leversOf(spec, status).map(({ variant }) => ({
        variant: ofMachine(id, variant),
      }));
      untrack(() => this.#checks.look(levers));
    });
  }

  readonly #finished: readonly ExperimentId[] = $derived.by(() =>
    this.#lab.list
      .filter(({ state }) => state === 'finished')
      .slice(0, mostExperiments)
      .map(({ id }) => id),
  );

  /** Null until all is known that it takes. */
  readonly advices: Advices | null = $derived.by(() => {
    const host = this.#host();
    if (!this.#loaded || host === null) return null;
    const known = this.#finished.flatMap((id) => this.#experiments.get(id) ?? []);
    const { id, spec } = this.#machine();
    return adviceFor(spec, host, known, ({ variant }) =>
      this.#checks.problemOf({ variant: ofMachine(id, variant) }),
    );
  });

  /** What was applied and can be taken back: nobody has changed the machine since. */
  readonly applied: Applied | null = $derived.by(() => {
    const { id, spec } = this.#machine();
    const applied = appliedTo.get(id);
    return applied && differingPaths(applied.spec, spec).length === 0 ? applied : null;
  });

  /** The key of the advice that is being applied, `undo` or `measure`; null for none. */
  get working(): string | null {
    return this.#working;
  }

  get failure(): string | null {
    return this.#failure;
  }

  apply({ key, title, spec }: Advice): Promise<void> {
    const { id, run } = this.#machine();
    return this.#try(key, async () => {
      const changed = await request('machine:update', { id, spec });
      appliedTo.set(id, { key, title, spec: changed.spec, runBefore: run?.id ?? null });
    });
  }

  undo(): Promise<void> {
    const { id } = this.#machine();
    return this.#try('undo', async () => {
      await request('machine:undo', { id });
      appliedTo.delete(id);
    });
  }

  /** The experiment that would tell what is not known, or not surely; null where nothing is left to tell. */
  readonly question: LabPlan | null = $derived.by(() =>
    this.advices ? questionOf(this.#machine().spec, this.advices) : null,
  );

  /** Starts it. */
  measure(): Promise<void> {
    return this.#try('measure', async () => {
      const plan = this.question;
      if (plan === null) return;
      const { id } = this.#machine();
      const variants = plan.variants.map((variant) => ofMachine(id, variant));
      await this.#lab.start({ ...plan, variants });
    });
  }

  async #load(ids: readonly ExperimentId[]): Promise<void> {
    // One that cannot be read says nothing; the lab's page says so itself.
    const found = await Promise.all(ids.map((id) => this.#lab.finished(id).catch(() => null)));
    for (const experiment of found) {
      if (experiment) this.#experiments.set(experiment.id, experiment);
    }
    this.#loaded = true;
  }

  async #try(what: string, work: () => Promise<void>): Promise<void> {
    if (this.#working !== null) return;
    this.#working = what;
    this.#failure = null;
    try {
      await work();
    } catch (thrown) {
      this.#failure = asAppError(thrown).message;
    } finally {
      this.#working = null;
    }
  }
}
