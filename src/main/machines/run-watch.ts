/**
 * Looks after running machines at a calm pace: suspended processes, logs that grow.
 * One timer for all of them, none while nothing runs.
 */
import { maxLogBytes, rotateLog } from '../console/index.ts';
import { runFiles, type Paths } from '../host/index.ts';
import type { Machine } from './machine.ts';

/** A state that changed behind our back is shown within this time. */
const lookMs = 1_000;
/** A log that has grown by this is looked at at once. */
const muchBytes = maxLogBytes / 4;
/** All others, and those that Nandu does not hear of, every so many looks. */
const looksPerRotation = 15;

/** Watches what is active while it is active. */
export class RunWatch {
  readonly #paths: Paths;
  readonly #machines: () => Iterable<Machine>;
  readonly #onProblem: (error: unknown) => void;
  #timer: NodeJS.Timeout | null = null;
  #looks = 0;
  #rotating = false;
  /** How much each machine's console had said when its log was last looked at. */
  readonly #seenBytes = new WeakMap<Machine, number>();

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
      machine.live?.look();
      machine.endOverdue(Date.now());
    }
    this.#looks += 1;
    if (this.#rotating) return;
    // The first look is one: what was taken over may have printed for days.
    const all = this.#looks % looksPerRotation === 1;
    const grown = active.filter(
      (machine) =>
        machine.hub.receivedBytes - (this.#seenBytes.get(machine) ?? 0) >= muchBytes || all,
    );
    if (grown.length > 0) void this.#rotate(grown);
  }

  async #rotate(machines: readonly Machine[]): Promise<void> {
    this.#rotating = true;
    try {
      for (const machine of machines) {
        const run = machine.view.run;
        if (run === null) continue;
        this.#seenBytes.set(machine, machine.hub.receivedBytes);
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
