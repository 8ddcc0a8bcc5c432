/**
 * What the keys do at a row of the waterfall.
 * Acts on the view it is given and says where the focus goes; touches no element.
 */
import type { TimelineRow } from './timeline-rows.ts';
import type { TimelineView } from './timeline-view.svelte.ts';

/** A step sideways, as a share of what is looked at. */
const panStep = 0.15;

type View = Pick<
  TimelineView,
  'zoomed' | 'open' | 'fit' | 'zoomIn' | 'zoomOut' | 'panShare' | 'toggle'
>;

/**
 * Does what a key means: up, down, Home and End go through the rows; + and − zoom; 0 and Escape show all;
 * Enter shows the row from edge to edge; Space opens and closes it. Left and right pan where there is
 * something to pan to; else, or with Alt, they close and open as in any tree.
 * @returns the key of the row that has the focus then, null where the key means nothing here.
 */
export function waterfallKey(
  event: Pick<KeyboardEvent, 'key' | 'altKey' | 'ctrlKey' | 'metaKey'>,
  row: TimelineRow,
  rows: readonly TimelineRow[],
  view: View,
): string | null {
  if (event.ctrlKey || event.metaKey) return null;
  const index = rows.indexOf(row);
  const at = (wanted: number): string =>
    rows[Math.min(Math.max(wanted, 0), rows.length - 1)]?.key ?? row.key;
  const middleMs = row.startMs + row.durationMs / 2;
  const sideways = view.zoomed && !event.altKey;
  switch (event.key) {
    case 'ArrowUp':
      return at(index - 1);
    case 'ArrowDown':
      return at(index + 1);
    case 'Home':
      return at(0);
    case 'End':
      return at(rows.length - 1);
    case 'ArrowLeft':
      if (sideways) view.panShare(-panStep);
      else if (row.expanded) view.open.delete(row.key);
      else return row.parent ?? row.key;
      return row.key;
    case 'ArrowRight':
      if (sideways) view.panShare(panStep);
      else if (row.expanded) return at(index + 1);
      else if (row.children > 0) view.open.add(row.key);
      return row.key;
    case '+':
    case '=':
      view.zoomIn(middleMs);
      return row.key;
    case '-':
    case '−':
      view.zoomOut(middleMs);
      return row.key;
    case 'Enter':
      view.toggle(row.startMs, row.durationMs);
      return row.key;
    case ' ':
      if (row.expanded) view.open.delete(row.key);
      else if (row.children > 0) view.open.add(row.key);
      return row.key;
    case '0':
      view.fit();
      return row.key;
    case 'Escape':
      // With nothing to take back it belongs to whoever is around.
      if (!view.zoomed) return null;
      view.fit();
      return row.key;
    default:
      return null;
  }
}
