/** Announces what set-up does: a line per step with the seconds since the start. */
import { performance } from 'node:perf_hooks';

const HEARTBEAT_MS = 10_000;

/** The lines of one run. Steps with nothing to do stay silent. */
export class Steps {
  #start = performance.now();

  /** @param {string} line */
  say(line) {
    console.log(`[${this.#seconds().padStart(6)}s] ${line}`);
  }

  /**
   * Announces a long piece of work and shows every ten seconds that it still runs.
   * @template T
   * @param {string} title
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async during(title, work) {
    this.say(`${title} …`);
    const heartbeat = setInterval(
      () => this.say(`  still ${title.charAt(0).toLowerCase()}${title.slice(1)} …`),
      HEARTBEAT_MS,
    );
    try {
      return await work();
    } finally {
      clearInterval(heartbeat);
    }
  }

  #seconds() {
    return ((performance.now() - this.#start) / 1000).toFixed(1);
  }
}
