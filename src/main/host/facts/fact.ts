/**
 * Something that was looked at on this computer: its value, or why nobody could say.
 * Never lets a look fail or last for ever; what that means is for whoever needs the value.
 */
import { setTimeout as delay } from 'node:timers/promises';

export type Fact<T> =
  { readonly known: true; readonly value: T } | { readonly known: false; readonly problem: string };

/** A folder on a server that is gone answers never; everything here is a matter of milliseconds. */
const defaultDeadlineMs = 5_000;

/** Looks, within a deadline. Does not throw. */
export async function lookUp<T>(
  look: () => T | Promise<T>,
  deadlineMs = defaultDeadlineMs,
): Promise<Fact<T>> {
  const enough = new AbortController();
  const tooLate = async (): Promise<never> => {
    await delay(deadlineMs, undefined, { signal: enough.signal });
    throw new Error(`there was no answer within ${deadlineMs / 1000} s`);
  };
  try {
    const value = await Promise.race([(async () => look())(), tooLate()]);
    return { known: true, value };
  } catch (error) {
    return { known: false, problem: error instanceof Error ? error.message : String(error) };
  } finally {
    enough.abort();
  }
}

/** @throws Error with the fact's problem when it is not known. */
export function valueOf<T>(fact: Fact<T>): T {
  if (fact.known) return fact.value;
  throw new Error(fact.problem);
}
