/**
 * Tells a guest that reboots now and then from one that does nothing else.
 * Only counts; what follows from it is the machine's business.
 */

/** So many reboots within this time are no accident. */
const maxReboots = 3;
const windowMs = 30_000;

/** Counts the reboots of one machine. */
export class RebootGuard {
  readonly #now: () => number;
  #times: number[] = [];

  /** @param now milliseconds of a clock that is never set back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether one more reboot may be followed by a start. */
  allow(): boolean {
    const now = this.#now();
    this.#times = this.#times.filter((time) => now - time < windowMs);
    if (this.#times.length >= maxReboots) return false;
    this.#times.push(now);
    return true;
  }
}
