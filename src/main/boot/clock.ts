/**
 * Owns the clock of the marks that Nandu takes itself: real time, as QEMU stamps its own marks.
 * Must never drift from that: `performance.timeOrigin + performance.now()` does, because the
 * monotonic clock stands still while a laptop sleeps and is not corrected by NTP.
 */

/** The two clocks a {@link EpochClock} is made of, in milliseconds. */
export interface ClockSources {
  /** Epoch milliseconds, whole. */
  readonly wall: () => number;
  /** Any monotonic milliseconds, with fraction. */
  readonly monotonic: () => number;
}

/** Real time with a fraction: `Date.now()` never differs from it by a millisecond or more. */
export class EpochClock {
  readonly #sources: ClockSources;
  #offsetMs = Number.NaN;

  constructor(
    sources: ClockSources = { wall: () => Date.now(), monotonic: () => performance.now() },
  ) {
    this.#sources = sources;
  }

  /** @returns epoch milliseconds with fraction. */
  now(): number {
    const wall = this.#sources.wall();
    const monotonic = this.#sources.monotonic();
    const fine = monotonic + this.#offsetMs;
    if (fine >= wall && fine < wall + 1) return fine;
    // At first, after a step of the clock, or when the two have drifted apart by a fraction.
    const nearest = fine >= wall + 1 && fine < wall + 2 ? wall + 0.999 : wall;
    this.#offsetMs = nearest - monotonic;
    return nearest;
  }
}
