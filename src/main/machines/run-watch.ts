/**
 * Looks after running machines at a calm pace: suspended processes, logs that grow, lifetimes that are over.
 * One timer for all of them, none while nothing runs.
 */
import type { RunId } from '../../shared/index.ts';
import { runFiles, type Paths } from '../host/index.ts';
import type { Machine } from './machine.ts';
import { lookMs, RunCare } from './run-care.ts';

/** Watches what is active while it is active. */
export class RunWatch {
  readonly #paths: Paths;
  readonly #machines: () => Iterable<Machine>;
  readonly #onProblem: (error: unknown) => void;
  #timer: NodeJS.Timeout | null = null;
  readonly #cared = new WeakMap<Machine, { readonly runId: RunId; readonly care: RunCare }>();

  constructor(
    paths: Paths,
    machines: () => Iterable<Machine>,
    onProblem: (error: unknown) => void,
  ) {
    this.#paths = paths;
    this.#machines = machines;
    this.#onProblem = onProblem;
  }

  /** Call whenever a machine may have become active. */
  wake(): void {
    this.#timer ??= setInterval(() => this.#look(), lookMs);
  }

  dispose(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    const active = [...this.#machines()].filter((machine) => machine.active);
    if (active.length === 0) return this.dispose();
    for (const machine of active) {
      this.#careOf(machine)?.look();
      machine.endOverdue(Date.now());
    }
  }

  /** Null before there is a run. */
  #careOf(machine: Machine): RunCare | null {
    const { run } = machine.view;
    if (run === null) return null;
    const known = this.#cared.get(machine);
    if (known?.runId === run.id) return known.care;
    const care = new RunCare({
      ...{ files: runFiles(this.#paths, run.id), hub: machine.hub, onProblem: this.#onProblem },
      live: () => machine.live,
    });
    this.#cared.set(machine, { runId: run.id, care });
    return care;
  }
}
