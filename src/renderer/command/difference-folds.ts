/**
 * Folds long stretches of unchanged lines in a difference, so that what changed can be seen.
 * Pure: never reorders and never drops a line.
 */
import type { CommandPreview } from '../../shared/index.ts';

export type DifferenceLine = NonNullable<CommandPreview['difference']>['lines'][number];

/** Lines to show as they are, or unchanged ones behind a button. */
export interface DifferencePart {
  /** Stable while the difference stays the same. */
  id: number;
  folded: boolean;
  lines: readonly DifferenceLine[];
}

/** Unchanged lines that stay in view beside a change. */
const context = 1;

/** Fewer are shown: a button in their place would take as much room. */
const fewestFolded = 3;

/** The difference in parts; `id` counts the line at which each begins. */
export function foldUnchanged(lines: readonly DifferenceLine[]): DifferencePart[] {
  const parts: DifferencePart[] = [];
  const add = (from: number, to: number, folded: boolean): void => {
    if (from < to) parts.push({ id: from, folded, lines: lines.slice(from, to) });
  };
  let from = 0;
  while (from < lines.length) {
    const same = lines[from]?.change === 'same';
    let to = from;
    while (to < lines.length && (lines[to]?.change === 'same') === same) to += 1;
    const first = from === 0 ? from : from + context;
    const last = to === lines.length ? to : to - context;
    if (same && last - first >= fewestFolded) {
      add(from, first, false);
      add(first, last, true);
      add(last, to, false);
    } else add(from, to, false);
    from = to;
  }
  return parts;
}

/** Whether anything was added or removed. */
export function isChanged(lines: readonly DifferenceLine[]): boolean {
  return lines.some(({ change }) => change !== 'same');
}
