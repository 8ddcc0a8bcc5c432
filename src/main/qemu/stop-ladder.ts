/**
 * Ends a process in steps, each less polite than the last, and reports which one worked.
 * Knows neither QMP nor signals: the rungs are given.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../shared/index.ts';

/** One step: `act` asks, then the process has `deadlineMs` to be gone. */
export interface Rung<Name extends string> {
  readonly name: Name;
  readonly deadlineMs: number;
  /** May fail (the monitor may be gone already): then the next rung follows at once. */
  act(): Promise<void> | void;
}

/**
 * Climbs until `exited` resolves.
 * @param onRung tells which rung is being tried, before it acts.
 * @returns the name of the rung after which the process was gone.
 * @throws AppError `qemu_timeout` when even the last one did not help.
 */
export async function climb<Name extends string>(
  rungs: readonly Rung<Name>[],
  exited: Promise<unknown>,
  onRung: (name: Name) => void,
): Promise<Name> {
  let gone = false;
  const exit = exited.then(() => void (gone = true));
  let lastError: unknown;
  for (const rung of rungs) {
    onRung(rung.name);
    const timer = new AbortController();
    try {
      const deadline = delay(rung.deadlineMs, undefined, { signal: timer.signal });
      // An act that hangs must not hold up the ladder, so the deadline runs beside it.
      const acted = Promise.resolve(rung.act()).then(() => deadline);
      await Promise.race([exit, acted, deadline]);
    } catch (error) {
      lastError = error;
    } finally {
      timer.abort();
    }
    if (gone) return rung.name;
  }
  throw new AppError('qemu_timeout', 'QEMU did not end, not even when it was killed.', {
    cause: lastError,
    details: { rungs: rungs.map((rung) => rung.name) },
  });
}
