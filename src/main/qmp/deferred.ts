/**
 * Owns the two small tools every wait here is made of: a promise settled from outside and a limit.
 * Must never leave a timer or a listener behind once a wait is over.
 */
import type { Expiry } from './errors.ts';

/** A promise and its levers (`Promise.withResolvers` needs Node 22; Electron 33 has 20). */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

export function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** setTimeout fires at once for anything longer (Node.js documentation, "timers"). */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Calls `expired` once when the time is up or the signal fires, whichever is first.
 * @param deadlineMs from now, milliseconds.
 * @returns ends the watch; may be called any number of times.
 */
export function watchLimit(
  deadlineMs: number,
  signal: AbortSignal | undefined,
  expired: (expiry: Expiry) => void,
): () => void {
  const end = (expiry: Expiry): void => {
    dispose();
    expired(expiry);
  };
  const onAbort = (): void => end('aborted');
  const timer = setTimeout(() => end('deadline'), Math.min(deadlineMs, longestTimerMs));
  const dispose = (): void => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  return dispose;
}
