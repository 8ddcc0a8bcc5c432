/**
 * Lets one piece of work begin when the one before it has ended, however that went.
 * Never starts work that was called off while it waited.
 */

/** A line of waiting work. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #count = 0;

  /** Whether something runs or waits. */
  get busy(): boolean {
    return this.#count > 0;
  }

  /** @throws whatever `work` throws; the signal's reason as soon as it is called off while waiting. */
  async take<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.#count += 1;
    const before = this.#last;
    const { promise, resolve } = withResolvers();
    this.#last = before.then(() => promise);
    try {
      await (signal === undefined ? before : Promise.race([before, aborted(signal)]));
      return await work();
    } finally {
      this.#count -= 1;
      resolve();
    }
  }
}

/** Node 20 has no Promise.withResolvers. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
