/**
 * What is left of machines that ran once, in words: who ended, how, and what they printed last.
 * Pure; who shows it when is the queue's business.
 */
import type { OnceEnded, RunEnd } from '../../shared/index.ts';
import type { Toast } from '../ui/index.ts';
import { endTone } from './machine-words.ts';

/** One that ended. */
export interface LastWords {
  readonly ended: OnceEnded;
  readonly tone: 'plain' | 'warn' | 'bad';
}

/** @param end of its run, as far as it was seen. */
export function lastWordsOf(ended: OnceEnded, end: RunEnd | null): LastWords {
  const told = end === null ? null : endTone(end);
  return { ended, tone: told ?? ((ended.exitCode ?? 0) === 0 ? 'plain' : 'warn') };
}

const toastTones = { plain: 'info', warn: 'warn', bad: 'bad' } as const;

/** The notice for those whose output nobody has seen yet; there must be one at least. */
export function lastWordsNotice(waiting: readonly LastWords[]): Omit<Toast, 'action' | 'key'> {
  const [first, ...others] = waiting;
  if (!first) throw new RangeError('nobody ended');
  if (others.length === 0) {
    const silent = first.ended.lines.length === 0;
    const remains = silent
      ? 'It printed nothing, and nothing of it remains.'
      : 'It was to run once, so only its output remains.';
    return {
      ...{ tone: toastTones[first.tone], subject: first.ended.name, title: 'ended' },
      text: `${first.ended.message} ${remains}`.trim(),
    };
  }
  const bad = waiting.some(({ tone }) => tone === 'bad');
  const warn = waiting.some(({ tone }) => tone === 'warn');
  const names = waiting.map(({ ended }) => ended.name);
  return {
    tone: bad ? 'bad' : warn ? 'warn' : 'info',
    title: `${waiting.length} machines ended`,
    text: `${names.slice(0, -1).join(', ')} and ${names.at(-1)} were to run once, so only their output remains.`,
  };
}
