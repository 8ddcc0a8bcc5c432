/**
 * What is known of experiments: the database's rows, and what could not be written there yet.
 * Must never lose a result because the disk is full or the database is held, nor call running what nobody works on.
 */
import {
  countsOf,
  toErrorData,
  type Experiment,
  type ExperimentId,
  type LabCommand,
  type LabResult,
  type LabState,
} from '../../shared/index.ts';
import { mayWorkLater, type ExperimentRepository, type ListedExperiment } from '../store/index.ts';

/** A boot that counts, with the commands of all variants as they are since. */
export interface CountedBoot {
  readonly result: LabResult;
  readonly commands: readonly (LabCommand | null)[];
}

interface Unwritten extends CountedBoot {
  readonly id: ExperimentId;
}

/** All experiments of this installation. */
export class ExperimentBook {
  readonly #rows: ExperimentRepository;
  readonly #onProblem: (error: unknown) => void;
  /** Boots in their order. */
  #unwritten: Unwritten[] = [];
  /** Why an experiment does not go on, where not even that could be written. */
  readonly #reasons = new Map<ExperimentId, string>();

  constructor(rows: ExperimentRepository, onProblem: (error: unknown) => void) {
    this.#rows = rows;
    this.#onProblem = onProblem;
  }

  /** The newest first. @param going the one that is worked on. */
  list(going: ExperimentId | null): ListedExperiment[] {
    this.#tryToWrite();
    return this.#rows.list().map((listed) => {
      const more = this.#unwritten.filter(({ id }) => id === listed.id);
      const added = countsOf(
        listed.plan,
        more.map(({ result }) => result),
      );
      return {
        ...listed,
        ...this.#truth(listed, going),
        counts: listed.counts.map(({ boots, failures }, variant) => ({
          boots: boots + (added[variant]?.boots ?? 0),
          failures: failures + (added[variant]?.failures ?? 0),
        })),
      };
    });
  }

  /** @throws AppError `not_found`. */
  get(id: ExperimentId, going: ExperimentId | null): Experiment {
    this.#tryToWrite();
    const experiment = this.#rows.get(id);
    const more = this.#unwritten.filter((boot) => boot.id === id);
    return {
      ...experiment,
      ...this.#truth(experiment, going),
      commands: [...(more.at(-1)?.commands ?? experiment.commands)],
      results: [...experiment.results, ...more.map(({ result }) => result)],
    };
  }

  /** @throws AppError `disk_full`, `database_busy`. */
  create(experiment: Experiment): void {
    this.#rows.create(experiment);
  }

  /**
   * Writes a boot down, after those that wait.
   * @throws AppError as the database does; after `disk_full` and `database_busy` it is kept and written later.
   */
  add(id: ExperimentId, boot: CountedBoot): void {
    this.#unwritten.push({ id, ...boot });
    this.writeAll();
  }

  /** Writes what waits. @throws AppError as {@link add}. */
  writeAll(): void {
    for (let first = this.#unwritten[0]; first !== undefined; first = this.#unwritten[0]) {
      try {
        this.#rows.addResult(first.id, first.result, first.commands);
      } catch (error) {
        // What never can be written must not keep the others from it.
        if (!mayWorkLater(error)) this.#unwritten.shift();
        throw error;
      }
      this.#unwritten.shift();
    }
  }

  /** @throws AppError `not_found`, `disk_full`, `database_busy`. */
  setState(id: ExperimentId, state: LabState): void {
    this.#rows.setState(id, state);
    this.#reasons.delete(id);
  }

  /** It does not go on. Never throws: where that cannot be written, it is remembered. */
  interrupt(id: ExperimentId, cause: unknown): void {
    const reason = toErrorData(cause).message;
    try {
      this.#rows.setState(id, 'interrupted', reason);
    } catch (error) {
      this.#reasons.set(id, reason);
      this.#onProblem(error);
    }
  }

  /** @throws AppError `not_found`, `disk_full`, `database_busy`. */
  remove(id: ExperimentId): void {
    this.#rows.remove(id);
    this.#unwritten = this.#unwritten.filter((boot) => boot.id !== id);
    this.#reasons.delete(id);
  }

  /** That it waits was told when it began to. */
  #tryToWrite(): void {
    try {
      this.writeAll();
    } catch (error) {
      if (!mayWorkLater(error)) this.#onProblem(error);
    }
  }

  #truth(
    { id, state, reason }: Pick<Experiment, 'id' | 'state' | 'reason'>,
    going: ExperimentId | null,
  ): Pick<Experiment, 'state' | 'reason'> {
    if (state !== 'running' || id === going) return { state, reason };
    return { state: 'interrupted', reason: this.#reasons.get(id) ?? reason };
  }
}
