/**
 * The boot lab: begins experiments, makes their boots one at a time, and keeps what came of them.
 * Must never lose a result, and never boot while a person has it paused.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { cpus } from 'node:os';
import {
  AppError,
  experimentIdSchema,
  isGivenUp,
  remaining,
  scheduleOf,
  type Experiment,
  type ExperimentId,
  type ExperimentSummary,
  type LabPlan,
} from '../../shared/index.ts';
import type { Paths } from '../host/index.ts';
import type { Planner } from '../machines/index.ts';
import type { ExperimentRepository } from '../store/index.ts';
import { bootOnce } from './lab-boot.ts';
import { endLeftovers } from './leftovers.ts';

/** What the lab is built from. */
export interface LabServiceOptions {
  readonly paths: Paths;
  readonly planner: Planner;
  readonly experiments: ExperimentRepository;
  readonly onChanged: (summary: ExperimentSummary) => void;
  readonly onProblem: (error: unknown) => void;
}

/** The experiment that goes on now. */
interface Going {
  readonly id: ExperimentId;
  readonly end: AbortController;
  readonly finished: Promise<void>;
  booting: string | null;
}

/** All experiments of this installation. */
export class LabService {
  readonly #options: LabServiceOptions;
  readonly #owner: string;
  #going: Going | null = null;

  constructor(options: LabServiceOptions) {
    this.#options = options;
    this.#owner = `${options.paths.database}#lab`;
  }

  /** Ends what an earlier Nandu's lab left running; its experiments wait to be gone on with. */
  async load(): Promise<void> {
    const { paths, experiments, onProblem } = this.#options;
    await endLeftovers(paths.runtime, this.#owner, onProblem);
    for (const { id, state } of experiments.list()) {
      if (state === 'running') experiments.setState(id, 'interrupted');
    }
  }

  /** The newest first. */
  list(): ExperimentSummary[] {
    return this.#options.experiments.list().map((experiment) => this.#summary(experiment));
  }

  /** @throws AppError `not_found`. */
  get(id: ExperimentId): Experiment {
    return this.#options.experiments.get(id);
  }

  /** @throws AppError `illegal_state` while another one goes on. */
  start(plan: LabPlan): Experiment {
    this.#assertIdle();
    const experiment: Experiment = {
      id: experimentIdSchema.parse(randomUUID()),
      createdAtMs: Date.now(),
      state: 'running',
      plan,
      seed: randomInt(2 ** 31),
      host: describeHost(),
      commands: plan.variants.map(() => null),
      results: [],
    };
    this.#options.experiments.create(experiment);
    this.#go(experiment.id);
    return this.get(experiment.id);
  }

  /** Lets the boot under way end without counting it. @throws AppError `not_found`, `illegal_state`. */
  async pause(id: ExperimentId): Promise<ExperimentSummary> {
    return this.#halt(id, 'paused');
  }

  /** What was measured stays. @throws AppError `not_found`, `illegal_state`. */
  async cancel(id: ExperimentId): Promise<ExperimentSummary> {
    if (this.#going?.id === id) return this.#halt(id, 'cancelled');
    const { state } = this.get(id);
    if (state === 'finished' || state === 'cancelled') throw over();
    this.#options.experiments.setState(id, 'cancelled');
    return this.#tell(id);
  }

  /** Goes on where it was. @throws AppError `not_found`, `illegal_state`. */
  resume(id: ExperimentId): ExperimentSummary {
    this.#assertIdle();
    const { state } = this.get(id);
    if (state === 'finished' || state === 'cancelled') throw over();
    this.#options.experiments.setState(id, 'running');
    this.#go(id);
    return this.#tell(id);
  }

  /** @throws AppError `not_found`, `illegal_state` while it goes on. */
  remove(id: ExperimentId): void {
    if (this.#going?.id === id) {
      throw new AppError('illegal_state', 'Cancel the experiment before you delete it.');
    }
    this.#options.experiments.remove(id);
  }

  /** Whether boots are made now; a person's machines would slow them down, and they those. */
  get busy(): boolean {
    return this.#going !== null;
  }

  /** Ends the boot under way; the experiment counts as interrupted. */
  async dispose(): Promise<void> {
    if (this.#going !== null) await this.#halt(this.#going.id, 'interrupted');
  }

  #assertIdle(): void {
    if (this.#going === null) return;
    throw new AppError(
      'illegal_state',
      'Another experiment goes on. Two at a time would measure each other; pause or cancel it first.',
    );
  }

  #go(id: ExperimentId): void {
    const end = new AbortController();
    const going: Going = {
      ...{ id, end, booting: null },
      finished: Promise.resolve().then(() => this.#work(going)),
    };
    this.#going = going;
  }

  async #halt(
    id: ExperimentId,
    state: 'paused' | 'cancelled' | 'interrupted',
  ): Promise<ExperimentSummary> {
    const going = this.#going;
    if (going?.id !== id)
      throw new AppError('illegal_state', 'That experiment does not go on now.');
    going.end.abort();
    await going.finished;
    // It may have made its last boot in the meantime.
    if (this.get(id).state === 'running') this.#options.experiments.setState(id, state);
    return this.#tell(id);
  }

  /** Never rejects: what stops an experiment leaves it as one that can go on. */
  async #work(going: Going): Promise<void> {
    const { experiments, onProblem, planner } = this.#options;
    const { id, end } = going;
    try {
      for (;;) {
        const { plan, seed, results, commands } = this.get(id);
        const [next] = remaining(plan, seed, results);
        const variant = next && plan.variants[next.variant];
        if (next === undefined || variant === undefined) break;
        going.booting = variant.name;
        this.#tell(id);
        const { result, command } = await bootOnce(variant, next, {
          ...{ planner, onProblem, owner: this.#owner, signal: end.signal },
        });
        if (command !== null && commands[next.variant] === null) {
          experiments.setCommands(id, commands.with(next.variant, command));
        }
        experiments.addResult(id, result);
      }
      experiments.setState(id, 'finished');
    } catch (error) {
      if (!end.signal.aborted) {
        onProblem(error);
        this.#interrupt(id);
      }
    } finally {
      this.#going = null;
      this.#tell(id);
    }
  }

  #interrupt(id: ExperimentId): void {
    try {
      this.#options.experiments.setState(id, 'interrupted');
    } catch (error) {
      this.#options.onProblem(error); // a full disk: the next Nandu finds it `running` and says the same
    }
  }

  #tell(id: ExperimentId): ExperimentSummary {
    const summary = this.#summary(this.get(id));
    this.#options.onChanged(summary);
    return summary;
  }

  #summary({ id, createdAtMs, state, plan, seed, results }: Experiment): ExperimentSummary {
    const going = this.#going?.id === id ? this.#going : null;
    const givenUp = plan.variants.filter((_, variant) => isGivenUp(variant, results)).length;
    const total = scheduleOf(plan, seed).length;
    return {
      ...{ id, createdAtMs, state, name: plan.name, booting: going?.booting ?? null, total },
      variants: plan.variants.map(({ name }) => name),
      // Boots that will not be made any more count as done.
      done: givenUp === 0 ? results.length : total - remaining(plan, seed, results).length,
    };
  }
}

function over(): AppError {
  return new AppError('illegal_state', 'That experiment is over. Start a new one like it.');
}

function describeHost(): string {
  const [first] = cpus();
  return `${cpus().length} × ${first?.model.trim() ?? 'unknown processor'}`;
}
