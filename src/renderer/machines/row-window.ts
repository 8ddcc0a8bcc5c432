/**
 * Which rows of a long list of equally high rows have to exist: those near the screen, and one to keep.
 * Pure: so a list of hundreds costs no more than what is seen of it.
 */

/** Pixels; the row's own stylesheet holds to it. */
export const rowHeightPx = 48;

/** Rows beyond either edge, so that scrolling finds them drawn. */
const overscan = 8;

/** The window moves in such steps, not with every pixel. */
const step = 4;

/**
 * The indexes to draw, ascending.
 * @param keep a row to draw wherever it is, because it may have the focus; -1 for none
 */
export function rowsToDraw(
  count: number,
  scrollTopPx: number,
  heightPx: number,
  keep: number,
): number[] {
  const top = Math.floor(scrollTopPx / rowHeightPx / step) * step;
  const first = Math.max(0, top - overscan);
  const end = Math.min(count, top + Math.ceil(heightPx / rowHeightPx) + step + overscan);
  const rows = Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
  if (keep < 0 || keep >= count) return rows;
  if (keep < first) return [keep, ...rows];
  return keep >= end ? [...rows, keep] : rows;
}

/** Where to scroll so that a row is wholly in view, as little as possible. */
export function scrollTopFor(index: number, scrollTopPx: number, heightPx: number): number {
  const top = index * rowHeightPx;
  return Math.min(top, Math.max(scrollTopPx, top + rowHeightPx - heightPx));
}
