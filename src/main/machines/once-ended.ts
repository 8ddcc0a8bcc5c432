/**
 * Keeps the last words of machines that ran once until a person has put them away, whatever becomes of the page.
 * In memory only: that nothing of such a machine remains on the disk is what was promised.
 */
import type { LastWordsEntry, MachineId, OnceEnded } from '../../shared/index.ts';

/** Of a machine that starts itself over and over nobody reads more; the oldest give way. */
const mostKept = 100;

/** The last words that nobody has put away. */
export class KeptLastWords {
  readonly #kept = new Map<MachineId, OnceEnded>();

  keep(id: MachineId, ended: OnceEnded): void {
    this.#kept.set(id, ended);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > mostKept && oldest !== undefined) this.#kept.delete(oldest);
  }

  /** The oldest first. */
  list(): LastWordsEntry[] {
    return [...this.#kept].map(([id, ended]) => ({ id, ended }));
  }

  /** They were read, or are not wanted. What is not there is no error. */
  dismiss(ids: readonly MachineId[]): void {
    for (const id of ids) this.#kept.delete(id);
  }
}
