/**
 * Owns the commands that wait for their reply, each with its deadline and its signal.
 * Must never leave a promise unsettled once its session is over.
 */
import { randomBytes } from 'node:crypto';
import type { AppError } from '../../shared/index.ts';
import { isAnsweredByEnd } from './commands.ts';
import { deferred, watchLimit, type Deferred } from './deferred.ts';
import { commandCutOff, commandExpired, commandRefused, type EndReason } from './errors.ts';
import type { Reply } from './messages.ts';

/** Bounds of one command. */
export interface CallLimits {
  /** Milliseconds from now. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface PendingCall extends Deferred<unknown> {
  readonly command: string;
  readonly dispose: () => void;
}

/** The calls of one session by their id. */
export class PendingCalls {
  readonly #calls = new Map<string, PendingCall>();
  /** Per session, so that the late answer to an earlier client's command is not taken for ours. */
  readonly #prefix = randomBytes(4).toString('hex');
  #count = 0;

  /** An id that no other call of this session has. */
  nextId(): string {
    this.#count += 1;
    return `${this.#prefix}-${this.#count}`;
  }

  /**
   * @param id from {@link nextId}.
   * @param onExpired called when nobody waits for the answer any more.
   * @returns resolves with the `return` member as QEMU sent it.
   * @throws AppError `qmp_failed`, `qemu_timeout`, `cancelled`, as a rejection.
   */
  add(id: string, command: string, limits: CallLimits, onExpired: () => void): Promise<unknown> {
    const dispose = watchLimit(limits.deadlineMs, limits.signal, (expiry) => {
      onExpired();
      this.#take(id)?.reject(commandExpired(command, expiry, limits.deadlineMs));
    });
    const call = { command, dispose, ...deferred<unknown>() };
    this.#calls.set(id, call);
    return call.promise;
  }

  /** Replies with an id that is not awaited are dropped: late ones, and ones that are not ours. */
  settle(reply: Reply): void {
    const call = typeof reply.id === 'string' ? this.#take(reply.id) : undefined;
    if (call === undefined) return;
    if (reply.ok) call.resolve(reply.value);
    else call.reject(commandRefused(call.command, reply.error));
  }

  /** Settles all that is left; called once, when the session is over. */
  endAll(reason: EndReason, error: AppError | null): void {
    for (const id of [...this.#calls.keys()]) {
      const call = this.#take(id);
      if (call === undefined) continue;
      if (reason === 'peer-closed' && isAnsweredByEnd(call.command)) call.resolve({});
      else call.reject(commandCutOff(call.command, reason, error));
    }
  }

  #take(id: string): PendingCall | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    call?.dispose();
    return call;
  }
}
