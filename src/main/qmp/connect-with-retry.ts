/**
 * Owns the wait for a monitor that is about to appear, because a machine's start time is made of it.
 * Must never retry what will not come right by itself.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../shared/index.ts';
import { connectFailed, ExpiredError } from './errors.ts';
import { QmpSession, type ConnectOptions } from './session.ts';

/** Before QEMU binds its socket, and between bind and listen. */
const notYet: readonly unknown[] = ['ENOENT', 'ECONNREFUSED'];
/** QEMU answers after some 50 ms: fine steps there, few wake-ups on a host that is slow. */
const pauseGrowth = 1.1;
const maxPauseMs = 50;

/** {@link ConnectOptions} for a monitor that may not be there yet. */
export interface RetryOptions extends ConnectOptions {
  /** First pause between two attempts, milliseconds; later ones grow to 50. Default 2. */
  readonly intervalMs?: number;
}

/**
 * As {@link QmpSession.connect}, but waits for the socket to appear within the same deadline.
 * @throws AppError as there; `qemu_timeout` with `details.stage` `connect` when it never appears.
 */
export async function connectWithRetry(
  socketPath: string,
  { intervalMs = 2, ...options }: RetryOptions = {},
): Promise<QmpSession> {
  const { deadlineMs = 5_000, signal } = options;
  const endsAtMs = performance.now() + deadlineMs;
  for (let pauseMs = intervalMs; ; pauseMs = Math.min(pauseMs * pauseGrowth, maxPauseMs)) {
    const leftMs = endsAtMs - performance.now();
    let failure: AppError;
    try {
      return await QmpSession.connect(socketPath, { ...options, deadlineMs: Math.max(leftMs, 1) });
    } catch (error) {
      if (!(error instanceof AppError) || !notYet.includes(error.details['errno'])) throw error;
      failure = error;
    }
    if (performance.now() + pauseMs >= endsAtMs) {
      const { message, code, details } = connectFailed(
        'connect',
        socketPath,
        deadlineMs,
        new ExpiredError('deadline'),
      );
      throw new AppError(code, message, { cause: failure, details });
    }
    try {
      await delay(pauseMs, undefined, { signal });
    } catch {
      // The only way a delay fails.
      throw connectFailed('connect', socketPath, deadlineMs, new ExpiredError('aborted'));
    }
  }
}
