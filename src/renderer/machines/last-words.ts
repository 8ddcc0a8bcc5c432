/**
 * What is left of machines that ran once, in words: who ended, how, and what they printed last.
 * Pure; who shows it when is the queue's business.
 */
import type { MachineId, OnceEnded, RunEnd } from '../../shared/index.ts';
import type { Toast } from '../ui/index.ts';
import { endTone } from './machine-words.ts';

/** One that ended. */
export interface LastWords {
  readonly id: MachineId;
  readonly ended: OnceEnded;
  readonly tone: 'plain' | 'warn' | 'bad';
}

/** @param end of its run, as far as it was seen. */
export function lastWordsOf(id: MachineId, ended: OnceEnded, end: RunEnd | null): LastWords {
  const told = end === null ? null : endTone(end);
  const own = { ...ended, lines: [...commandOutput(ended.lines)] };
  return { id, ended: own, tone: told ?? ((ended.exitCode ?? 0) === 0 ? 'plain' : 'warn') };
}

const kernelLine = /^\[\s*\d+\.\d+\] |^\s*$/;
const firstMark = /^nandu: user space uptime=/;
const memoryMark = /^nandu: the kernel ended \d+ of its processes for want of memory$/;
const lastMark = /^nandu: the command ended with exit code \d{1,3}$/;

/**
 * What the command itself printed: without what the kernel said before it and after it, as far as Nandu's marks
 * in the console part them. Lines that nothing parts stay: a panic's, say.
 */
export function commandOutput(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => firstMark.test(line));
  const last = lines.findLastIndex((line) => lastMark.test(line));
  // A command can print the marks, too: then what is around them is not only the kernel's.
  const isKernel = (part: readonly string[]): boolean =>
    part.every((line) => kernelLine.test(line));
  const from = first >= 0 && isKernel(lines.slice(0, first)) ? first + 1 : 0;
  const ended = last >= from && isKernel(lines.slice(last + 1)) ? last : lines.length;
  const to = memoryMark.test(lines[ended - 1] ?? '') ? ended - 1 : ended;
  return lines.slice(from, to);
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
