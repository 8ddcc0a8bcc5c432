/**
 * The boot lab: begins experiments, makes their boots one at a time, and keeps what came of them.
 * Must never lose a result, never boot while a person has it paused, and never disturb a boot by telling of the last one.
 */
import { randomInt, randomUUID } from 'node:crypto';
import {
  AppError,
  countsOf,
  doneOf,
  experimentIdSchema,
  remaining,
  troubleOf,
  type Experiment,
  type ExperimentId,
  type ExperimentSummary,
  type LabBoot,
  type LabPlan,
  type LabVariant,
} from '../../shared/index.ts';
import type { Paths } from '../host/index.ts';
import type { Planner } from '../machines/index.ts';
import type { ExperimentRepository, ListedExperiment } from '../store/index.ts';
import { ExperimentBook } from './experiment-book.ts';
import { assertSameHost } from './changes.ts';
import { FileDigests } from './file-digests.ts';
import { describeHost } from './host-line.ts';
import { bootOnce } from './lab-boot.ts';
import { endLeftovers } from './leftovers.ts';
import { Quiet, type Pause } from './quiet.ts';

/** What the lab is built from. */
export interface LabServiceOptions {
  readonly paths: Paths;
  readonly planner: Planner;
  readonly experiments: ExperimentRepository;
  readonly onChanged: (summary: ExperimentSummary) => void;
  readonly onProblem: (error: unknown) => void;
  /** For tests: how time goes by between two boots. */
  readonly pause?: Pause;
}

/** The experiment that goes on now. */
interface Going {
  /** With every result so far, so that none is read again. */
  experiment: Experiment;
  readonly end: AbortController;
  readonly finished: Promise<void>;
  /** The variant that boots now or next. */
  booting: string | null;
}

/** All experiments of this installation. */
export class LabService {
  readonly #options: LabServiceOptions;
  readonly #book: ExperimentBook;
  readonly #quiet: Quiet;
  readonly #digests = new FileDigests();
  readonly #owner: string;
  #going: Going | null = null;

  constructor(options: LabServiceOptions) {
    this.#options = options;
    this.#book = new ExperimentBook(options.experiments, options.onProblem);
    this.#quiet = new Quiet(options.pause);
    this.#owner = `${options.paths.database}#lab`;
  }

  /** Ends what an earlier Nandu's lab left running; its experiments wait to be gone on with. */
  async load(): Promise<void> {
    const { paths, onProblem } = this.#options;
    await endLeftovers(paths, this.#owner, onProblem);
  }

  /** The name of the experiment that goes on now, null while none does. */
  get goingName(): string | null {
    return this.#going?.experiment.plan.name ?? null;
  }

  /** The newest first. */
  list(): ExperimentSummary[] {
    const id = this.#going?.experiment.id ?? null;
    return this.#book.list(id).map((listed) => this.#summary(listed));
  }

  /** @throws AppError `not_found`. */
  get(id: ExperimentId): Experiment {
    this.#quiet.asked();
    return this.#read(id);
  }

  /** @throws AppError `illegal_state` while another one goes on. */
  start(plan: LabPlan): Experiment {
    this.#assertIdle();
    const experiment: Experiment = {
      id: experimentIdSchema.parse(randomUUID()),
      createdAtMs: Date.now(),
      ...{ state: 'running', reason: null },
      plan,
      seed: randomInt(2 ** 31),
      host: describeHost(),
      commands: plan.variants.map(() => null),
      results: [],
    };
    this.#book.create(experiment);
    this.#go(experiment);
    return experiment;
  }

  /** Lets the boot under way end without counting it. @throws AppError `not_found`, `illegal_state`. */
  async pause(id: ExperimentId): Promise<ExperimentSummary> {
    return this.#halt(id, 'paused');
  }

  /** What was measured stays. @throws AppError `not_found`, `illegal_state`. */
  async cancel(id: ExperimentId): Promise<ExperimentSummary> {
    if (this.#going?.experiment.id === id) return this.#halt(id, 'cancelled');
    this.#assertOpen(this.#read(id));
    this.#book.setState(id, 'cancelled');
    return this.#tellStored(id);
  }

  /** Goes on where it was. @throws AppError `not_found`, `illegal_state`, `disk_full`, `database_busy`. */
  resume(id: ExperimentId): ExperimentSummary {
    this.#assertIdle();
    this.#book.writeAll();
    const experiment = this.#read(id);
    this.#assertOpen(experiment);
    this.#book.setState(id, 'running');
    this.#go({ ...experiment, state: 'running', reason: null });
    return this.#tellGoing();
  }

  /** @throws AppError `not_found`, `illegal_state` while it goes on. */
  remove(id: ExperimentId): void {
    if (this.#going?.experiment.id === id) {
      throw new AppError('illegal_state', 'Cancel the experiment before you delete it.');
    }
    this.#book.remove(id);
  }

  /** Ends the boot under way; the experiment counts as interrupted. */
  async dispose(): Promise<void> {
    const { onProblem } = this.#options;
    const id = this.#going?.experiment.id;
    // The app ends whatever the disk says; the next one finds it running and says the same.
    if (id !== undefined) await this.#halt(id, 'interrupted').catch(onProblem);
    try {
      this.#book.writeAll();
    } catch (error) {
      onProblem(error);
    }
  }

  #read(id: ExperimentId): Experiment {
    const going = this.#going;
    if (going?.experiment.id === id) return going.experiment;
    return this.#book.get(id, null);
  }

  #assertOpen({ state }: Experiment): void {
    if (state !== 'finished' && state !== 'cancelled') return;
    throw new AppError('illegal_state', 'That experiment is over. Start a new one like it.');
  }

  #assertIdle(): void {
    if (this.#going === null) return;
    throw new AppError(
      'illegal_state',
      'Another experiment goes on. Two at a time would measure each other; pause or cancel it first.',
    );
  }

  #go(experiment: Experiment): void {
    const going: Going = {
      ...{ experiment, end: new AbortController(), booting: null },
      finished: Promise.resolve().then(() => this.#work(going)),
    };
    this.#going = going;
  }

  async #halt(
    id: ExperimentId,
    state: 'paused' | 'cancelled' | 'interrupted',
  ): Promise<ExperimentSummary> {
    const going = this.#going;
    if (going?.experiment.id !== id)
      throw new AppError('illegal_state', 'That experiment does not go on now.');
    going.end.abort();
    await going.finished;
    // It may have made its last boot in the meantime, or have been interrupted.
    if (going.experiment.state !== 'running') return this.#tellStored(id);
    try {
      this.#book.setState(id, state);
    } catch (error) {
      this.#book.interrupt(id, error);
      this.#tryToTell(id);
      throw error;
    }
    return this.#tellStored(id);
  }

  /** Never rejects: what stops an experiment leaves it as one that can go on. */
  async #work(going: Going): Promise<void> {
    const { onProblem } = this.#options;
    const { id, host } = going.experiment;
    const { signal } = going.end;
    try {
      assertSameHost(host, describeHost());
      for (let next = nextOf(going.experiment); next !== null; next = nextOf(going.experiment)) {
        going.booting = next.variant.name;
        this.#tellGoing();
        // A page that draws the last boot would be measured with the next one.
        await this.#quiet.wait(signal);
        await this.#boot(going, next.boot, next.variant);
      }
      this.#book.setState(id, 'finished');
      going.experiment = { ...going.experiment, state: 'finished' };
    } catch (error) {
      if (!signal.aborted) {
        onProblem(error);
        this.#book.interrupt(id, error);
        going.experiment = { ...going.experiment, state: 'interrupted' };
      }
    } finally {
      this.#going = null;
      // Whoever halted it tells so.
      if (going.experiment.state !== 'running') this.#tryToTell(id);
    }
  }

  /** @throws AppError as {@link bootOnce}; `disk_full`, `database_busy` where the result waits to be written. */
  async #boot(going: Going, at: LabBoot, variant: LabVariant): Promise<void> {
    const { planner, onProblem } = this.#options;
    const { signal } = going.end;
    if (signal.aborted) throw new AppError('cancelled', 'The experiment was called off.');
    const { experiment } = going;
    const { result, command } = await bootOnce(variant, at, {
      ...{ planner, onProblem, signal, owner: this.#owner, digests: this.#digests },
      before: experiment.commands[at.variant] ?? null,
    });
    const known = experiment.commands[at.variant] ?? command;
    const commands = experiment.commands.with(at.variant, known);
    going.experiment = { ...experiment, commands, results: [...experiment.results, result] };
    this.#book.add(experiment.id, { result, commands });
  }

  #tellGoing(): ExperimentSummary {
    const going = this.#going;
    if (going === null) throw new Error('no experiment goes on');
    const { experiment } = going;
    return this.#tell({ ...experiment, counts: countsOf(experiment.plan, experiment.results) });
  }

  #tellStored(id: ExperimentId): ExperimentSummary {
    const experiment = this.#read(id);
    return this.#tell({ ...experiment, counts: countsOf(experiment.plan, experiment.results) });
  }

  #tryToTell(id: ExperimentId): void {
    try {
      this.#tellStored(id);
    } catch (error) {
      this.#options.onProblem(error);
    }
  }

  #tell(listed: ListedExperiment): ExperimentSummary {
    const summary = this.#summary(listed);
    this.#options.onChanged(summary);
    return summary;
  }

  #summary({ id, createdAtMs, state, reason, plan, counts }: ListedExperiment): ExperimentSummary {
    const going = this.#going?.experiment.id === id ? this.#going : null;
    return {
      ...{ id, createdAtMs, state, reason, name: plan.name, booting: going?.booting ?? null },
      variants: plan.variants.map(({ name }) => name),
      ...{ ...doneOf(plan, counts), trouble: troubleOf(counts) },
    };
  }
}

/** The boot that is to be made next; null where none is left. */
function nextOf({
  plan,
  seed,
  results,
}: Experiment): { boot: LabBoot; variant: LabVariant } | null {
  const [boot] = remaining(plan, seed, results);
  const variant = boot && plan.variants[boot.variant];
  return boot === undefined || variant === undefined ? null : { boot, variant };
}
