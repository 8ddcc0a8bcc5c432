/**
 * Numbers, sizes and times as the window says them; the one place that decides digits and units.
 * Pure: no locale of the machine, no clock of its own.
 */

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** A duration with its unit: “0.4 ms”, “84 ms”, “2.03 s”, “1 min 05 s”. @param ms milliseconds, not negative */
export function formatDuration(ms: number): string {
  const { value, unit } = splitDuration(ms);
  return `${value} ${unit}`;
}

/** The same in two parts, for a big number with a small unit. */
export function splitDuration(ms: number): { value: string; unit: string } {
  if (ms < 9.95) return { value: trimZero(ms.toFixed(1)), unit: 'ms' };
  if (ms < 999.5) return { value: ms.toFixed(0), unit: 'ms' };
  if (ms < 9_995) return { value: (ms / 1000).toFixed(2), unit: 's' };
  if (ms < 59_950) return { value: (ms / 1000).toFixed(1), unit: 's' };
  const seconds = Math.round(ms / 1000);
  const rest = String(seconds % 60).padStart(2, '0');
  if (seconds < 3600) return { value: `${Math.floor(seconds / 60)} min ${rest}`, unit: 's' };
  const minutes = String(Math.floor((seconds % 3600) / 60)).padStart(2, '0');
  return { value: `${Math.floor(seconds / 3600)} h ${minutes}`, unit: 'min' };
}

function trimZero(text: string): string {
  return text.endsWith('.0') ? text.slice(0, -2) : text;
}

/** Memory as people say it: “256 MiB”, “1 GiB”, “1.5 GiB”. */
export function formatMemory(memoryMiB: number): string {
  if (memoryMiB < 1024) return `${memoryMiB} MiB`;
  const gib = memoryMiB / 1024;
  return `${Number.isInteger(gib) ? gib : trimZero(gib.toFixed(1))} GiB`;
}

/** A size on disk or on its way: “812 B”, “64 KiB”, “3.4 MiB”, “1.25 GiB”. @param bytes not negative */
export function formatBytes(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  let value = bytes / 1024;
  let unit = 0;
  // At 1000 and not at 1024: no size has more than three digits before its unit.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = value < 9.95 ? (unit < 2 ? 1 : 2) : value < 99.5 && unit > 0 ? 1 : 0;
  return `${trimZero(value.toFixed(digits))} ${units[unit] ?? ''}`;
}

/** “10,000”. */
export function formatNumber(count: number): string {
  return grouped.format(count);
}

/** “1 vCPU”, “4 vCPUs”, “10,000 runs”. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${grouped.format(count)} ${count === 1 ? one : many}`;
}

/** A share of a whole: “60 %”, “<1 %” for what is there but small. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.5) return '<1 %';
  return `${Math.round(percent)} %`;
}

const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const shortDate = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const longDate = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
});

const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

/** A moment of today or of the next minutes, to the second: “14:02:31”. */
export function formatClock(atMs: number): string {
  return clock.format(new Date(atMs));
}

/** When something was, short: “today 14:02”, “yesterday 09:30”, “3 Nov 14:02”, “3 Nov 2025”. */
export function formatWhen(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const now = new Date(nowMs);
  const minutes = time.format(at);
  if (at.toDateString() === now.toDateString()) return `today ${minutes}`;
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (at.toDateString() === yesterday.toDateString()) return `yesterday ${minutes}`;
  if (at.getFullYear() === now.getFullYear()) return `${shortDate.format(at)} ${minutes}`;
  return longDate.format(at);
}

/** The file's name of a path, for places where the whole path is in a tooltip. */
export function baseName(path: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.at(-1) ?? path;
}

/** An argv as one line that a POSIX shell reads back word for word. */
export function shellLine(argv: readonly string[]): string {
  return argv
    .map((word) =>
      /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`,
    )
    .join(' ');
}
