import { expect, it } from 'vitest';
import type { JournalEntry } from '../../shared/index.ts';
import { dayTitle, entryText, formatBytes, groupByDay, logChoices } from './log-words.ts';

const now = new Date(2026, 10, 24, 14, 0).getTime();
const at = (year: number, month: number, day: number, hour = 12): number =>
  new Date(year, month - 1, day, hour).getTime();

it('says days as people do', () => {
  const days = [at(2026, 11, 24, 0), at(2026, 11, 23), at(2026, 11, 3), at(2025, 12, 31)];
  expect(days.map((ms) => dayTitle(ms, now))).toEqual([
    'Today',
    'Yesterday',
    'Tuesday 3 November',
    '31 December 2025',
  ]);
});

it('groups neighbours of a day and keeps their order', () => {
  const entries = [at(2026, 11, 24, 13), at(2026, 11, 24, 9), at(2026, 11, 23)].map(
    (atMs, index) => ({ id: 9 - index, atMs }) as JournalEntry,
  );
  const days = groupByDay(entries, now);
  expect(days.map((day) => [day.title, day.entries.map(({ id }) => id)])).toEqual([
    ['Today', [9, 8]],
    ['Yesterday', [7]],
  ]);
});

it('names the fields of an edit as Settings does, and leaves all else as it is', () => {
  const titleOf = (path: string): string => (path.startsWith('ready.') ? 'Ready when' : path);
  const said = (kind: JournalEntry['kind'], message: string) =>
    entryText({ kind, message }, titleOf);
  expect([
    said('edited', 'Changed: ready.kind, ready.text, readyDeadlineSeconds.'),
    said('edit-undone', 'Took back the last change: ready.kind, ….'),
    said('ended', 'Changed: ready.kind.'),
  ]).toEqual([
    'Changed: Ready when, readyDeadlineSeconds.',
    'Took back the last change: Ready when, ….',
    'Changed: ready.kind.',
  ]);
});

it('says sizes with one digit', () => {
  expect([0, 312, 14_541, 1024 * 1024, 5e12].map(formatBytes)).toEqual([
    '0 B',
    '312 B',
    '14.2 KiB',
    '1.0 MiB',
    '4656.6 GiB',
  ]);
});

it('offers a serial log only beside a virtio console', () => {
  const values = (console: Parameters<typeof logChoices>[0]): string[] =>
    logChoices(console).map(({ value }) => value);
  expect([values('serial'), values('both')]).toEqual([
    ['timeline', 'console', 'qemu'],
    ['timeline', 'console', 'qemu', 'serial'],
  ]);
});
