/**
 * The logs in words: their titles, what to say when one is empty, sizes, days and times.
 * Pure; has no clock of its own.
 */
import type { JournalEntry, LogKind, MachineView, Run } from '../../shared/index.ts';
import { formatWhen } from '../format/index.ts';

/** What the tab can show: the journal, or one of a run's files. */
export type LogChoice = 'timeline' | LogKind;

const titles: Record<LogChoice, string> = {
  timeline: 'Timeline',
  console: 'Console log',
  qemu: 'QEMU messages',
  serial: 'Serial log',
};

/** The choices of a machine; a second serial line exists only beside a virtio console. */
export function logChoices(
  console: MachineView['spec']['console'],
): { value: LogChoice; title: string }[] {
  const values: LogChoice[] = ['timeline', 'console', 'qemu'];
  if (console === 'both') values.push('serial');
  return values.map((value) => ({ value, title: titles[value] }));
}

export const logTitle = (kind: LogKind): string => titles[kind];

/** Why a log has no line. */
export const emptyTexts: Record<LogKind, string> = {
  console: 'The guest printed nothing on its console in this run.',
  qemu: 'QEMU had nothing to complain about in this run.',
  serial: 'The guest printed nothing on its serial line in this run.',
};

/** A run in the list to choose from: “Run 24 · today 14:02 · running”. */
export function runTitle(run: Run, nowMs: number): string {
  const end =
    run.endedAtMs === null ? ' · running' : run.end?.expected === false ? ' · failed' : '';
  return `Run ${run.number} · ${formatWhen(run.startedAtMs, nowMs)}${end}`;
}

/** “0 B”, “312 B”, “14.2 KiB”, “1.0 MiB”. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB'] as const;
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit] ?? ''}`;
}

const day = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });
const dayOfYear = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});

/** “Today”, “Yesterday”, “Tuesday 3 November”, “3 November 2025”. */
export function dayTitle(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const now = new Date(nowMs);
  if (at.toDateString() === now.toDateString()) return 'Today';
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (at.toDateString() === yesterday.toDateString()) return 'Yesterday';
  return (at.getFullYear() === now.getFullYear() ? day : dayOfYear).format(at);
}

/** Entries of one day, in the order in which they were given. */
export interface JournalDay {
  /** The id of its first entry. */
  id: number;
  title: string;
  entries: JournalEntry[];
}

/** Neighbours of the same day together. A clock that was set back makes a day appear twice, as it was. */
export function groupByDay(entries: readonly JournalEntry[], nowMs: number): JournalDay[] {
  const days: JournalDay[] = [];
  for (const entry of entries) {
    const title = dayTitle(entry.atMs, nowMs);
    const last = days.at(-1);
    if (last?.title === title) last.entries.push(entry);
    else days.push({ id: entry.id, title, entries: [entry] });
  }
  return days;
}

/**
 * An entry as a person reads it: main writes which fields were changed by their paths, which only the window has
 * names for.
 */
export function entryText(
  { kind, message }: Pick<JournalEntry, 'kind' | 'message'>,
  titleOf: (path: string) => string,
): string {
  if (kind !== 'edited' && kind !== 'edit-undone') return message;
  const [, head, paths, end] = /^([^:]+: )(.+?)((?:, …)?\.)$/.exec(message) ?? [];
  if (head === undefined || paths === undefined) return message;
  return `${head}${[...new Set(paths.split(', ').map(titleOf))].join(', ')}${end}`;
}
