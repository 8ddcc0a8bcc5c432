/**
 * Waits between two boots until whoever was told of the last one has fetched and drawn it.
 * Must never wait for ever: a page that asks again and again is measured at last.
 */
import { setTimeout as delay } from 'node:timers/promises';

/** For what the window does when it hears of a boot. */
const quietMs = 250;
const mostWaits = 6;

/** Lets time go by, until the signal at most; never rejects. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>;

/** The rest between boots. */
export class Quiet {
  readonly #pause: Pause;
  /** How often somebody asked for all of an experiment. */
  #asked = 0;

  constructor(pause: Pause = realPause) {
    this.#pause = pause;
  }

  /** Call when somebody asks for all of an experiment. */
  asked(): void {
    this.#asked += 1;
  }

  /** Resolves once nobody has asked for a while. */
  async wait(signal: AbortSignal): Promise<void> {
    for (let waits = 0; waits < mostWaits; waits++) {
      const before = this.#asked;
      await this.#pause(quietMs, signal);
      if (this.#asked === before || signal.aborted) return;
    }
  }
}

async function realPause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined); // called off: the wait is over
}
