/**
 * What a check is: a judgement over facts, with what a person can do about it.
 * Never finds anything out by itself; all checks are pure.
 */
import type { CheckResult } from '../../../shared/index.ts';
import type { DoctorFacts } from '../facts/doctor-facts.ts';

/** A judgement; see CheckResult. */
export type Verdict = Pick<CheckResult, 'result' | 'message' | 'mend'>;

export interface Check {
  /** Stable. */
  readonly id: string;
  readonly title: string;
  /** May throw where a fact is not known: that is judged elsewhere. */
  readonly judge: (facts: DoctorFacts) => Verdict;
}

export const ok = (message: string): Verdict => ({ result: 'ok', message, mend: null });

export const limited = (message: string, mend: string | null = null): Verdict => ({
  ...{ result: 'limited', message, mend },
});

export const failed = (message: string, mend: string | null = null): Verdict => ({
  ...{ result: 'failed', message, mend },
});

const gibibyte = 1024 ** 3;
const mebibyte = 1024 ** 2;

/** “512 MiB”, “1.5 GiB”, “78 GiB”; rounded down, so that a limit is never shown as met when it is not. */
export function formatBytes(bytes: number): string {
  if (bytes < gibibyte) return `${Math.floor(bytes / mebibyte)} MiB`;
  const gibibytes = Math.floor((bytes / gibibyte) * 10) / 10;
  return `${gibibytes < 10 ? gibibytes : Math.floor(gibibytes)} GiB`;
}

/** “a”, “a and b”, “a, b and c”. */
export function listOf(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

/** A path as one word of a shell command. */
export function quoted(path: string): string {
  return /^[\w/.+@%:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
