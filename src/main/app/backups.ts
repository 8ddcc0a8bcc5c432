/**
 * Makes backups a while after something worth keeping has changed, and at the end.
 * Never lets a failed backup stand in the way of anything.
 */

/** Changes come in bursts; one backup serves them all. */
const restMs = 2_000;

/** One installation's backups. */
export class Backups {
  readonly #backUp: () => unknown;
  readonly #onProblem: (error: unknown) => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(backUp: () => unknown, onProblem: (error: unknown) => void) {
    this.#backUp = backUp;
    this.#onProblem = onProblem;
  }

  /** Something changed. */
  soon(): void {
    this.#timer ??= setTimeout(() => this.#now(), restMs);
  }

  /** Makes the last one, which also has what changed beside the definitions. */
  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#now();
  }

  #now(): void {
    this.#timer = null;
    try {
      this.#backUp();
    } catch (error) {
      this.#onProblem(error);
    }
  }
}
