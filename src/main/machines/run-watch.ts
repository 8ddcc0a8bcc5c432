/**
 * Looks after running machines at a calm pace: suspended processes, logs that grow.
 * One timer for all of them, none while nothing runs.
 */
import { rotateLog } from '../console/index.ts';
import { runFiles, type Paths } from '../host/index.ts';
import type { Machine } from './machine.ts';

/** A state that changed behind our back is shown within this time. */
const lookMs = 1_000;
/** Logs are looked at every so many looks: a serial line fills no 32 MiB in between. */
const looksPerRotation = 5;

/** Watches what is active while it is active. */
export class RunWatch {
  readonly #paths: Paths;
  readonly #machines: () => Iterable<Machine>;
  readonly #onProblem: (error: unknown) => void;
  #timer: NodeJS.Timeout | null = null;
  #looks = 0;
  #rotating = false;

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
    for (const machine of active) machine.live?.look();
    this.#looks += 1;
    if (this.#looks % looksPerRotation === 0 && !this.#rotating) void this.#rotate(active);
  }

  async #rotate(machines: readonly Machine[]): Promise<void> {
    this.#rotating = true;
    try {
      for (const machine of machines) {
        const run = machine.view.run;
        if (run === null) continue;
        const files = runFiles(this.#paths, run.id);
        for (const log of [files.consoleLog, files.serialLog, files.qemuLog]) await rotateLog(log);
      }
    } catch (error) {
      this.#onProblem(error);
    } finally {
      this.#rotating = false;
    }
  }
}
