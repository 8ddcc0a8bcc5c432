/**
 * The waterfall's geometry in pixels, from rows, a part of the time axis and a width.
 * Pure; the component only draws what is computed here.
 */
import { formatDuration } from '../format/index.ts';
import { niceTicks, tickTexts } from './ticks.ts';
import type { TimelineRow } from './timeline-rows.ts';
import type { ViewWindow } from './view-window.ts';

const phaseHeight = 30;
const detailHeight = 22;
const rightMargin = 12;
/** The drawing is so much wider than its card's text on either side, for the mark of the row that has the focus. */
export const edge = 8;
/** Room at the left for the mark that opens a row. */
const gutter = 16;
const indent = 14;
/** The advance of JetBrains Mono at 11 px. */
const characterWidth = 6.6;
const gap = 7;

/** One row; `bar` is null where it lies outside of what is looked at. */
export interface WaterfallRow {
  row: TimelineRow;
  y: number;
  height: number;
  labelX: number;
  /** What of the title has room. */
  label: string;
  bar: { x: number; width: number; height: number } | null;
  /** For an instant in view. */
  instantX: number | null;
  text: { x: number; anchor: 'start' | 'end'; inside: boolean; value: string };
}

/** Where the axis lies within a width. */
export interface Plot {
  left: number;
  right: number;
  msPerPixel: number;
}

export interface Tick {
  x: number;
  textX: number;
  text: string;
  anchor: 'start' | 'middle' | 'end';
}

/** Labels are wider where details are open, and where the figure has the room. */
export function plotOf(rows: readonly TimelineRow[], view: ViewWindow, width: number): Plot {
  const canOpen = rows.some(({ children }) => children > 0);
  const deep = rows.some(({ depth }) => depth > 0);
  const labels = deep ? Math.min(240, Math.max(124, width * 0.3)) : canOpen ? 120 : 104;
  const left = edge + Math.round(labels);
  const right = Math.max(left + 80, width - edge - rightMargin);
  return { left, right, msPerPixel: (view.toMs - view.fromMs) / (right - left) };
}

/** Lays rows out below each other. @returns them, and the height of all */
export function layOutRows(
  rows: readonly TimelineRow[],
  view: ViewWindow,
  plot: Plot,
): { rows: WaterfallRow[]; height: number } {
  const canOpen = rows.some(({ children }) => children > 0);
  let y = 0;
  const laidOut = rows.map((row): WaterfallRow => {
    const height = row.depth === 0 ? phaseHeight : detailHeight;
    const labelX = edge + (canOpen ? gutter : 0) + row.depth * indent;
    const place = { row, y, height, labelX, label: shorten(row, plot.left - labelX - gap) };
    y += height;
    return { ...place, ...placeBar(row, view, plot) };
  });
  return { rows: laidOut, height: y };
}

/** The axis' ticks; those at the ends stay within it. */
export function layOutTicks(view: ViewWindow, plot: Plot): Tick[] {
  const about = Math.max(2, Math.floor((plot.right - plot.left) / 96));
  const ticksMs = niceTicks(view.fromMs, view.toMs, about);
  const texts = tickTexts(ticksMs);
  return ticksMs.map((tick, index): Tick => {
    const x = Math.round(plot.left + (tick - view.fromMs) / plot.msPerPixel);
    const nearEnd = plot.right - x < 24;
    const nearStart = x - plot.left < 12;
    return {
      ...{ x, textX: nearEnd ? plot.right : x, text: texts[index] ?? '' },
      anchor: nearEnd ? 'end' : nearStart ? 'start' : 'middle',
    };
  });
}

/** The moment under a pixel; null outside of the axis. */
export function momentAt(x: number, view: ViewWindow, plot: Plot): number | null {
  if (x < plot.left || x > plot.right) return null;
  return view.fromMs + (x - plot.left) * plot.msPerPixel;
}

function placeBar(
  row: TimelineRow,
  view: ViewWindow,
  plot: Plot,
): Pick<WaterfallRow, 'bar' | 'instantX' | 'text'> {
  const { startMs, durationMs } = row;
  const instant = durationMs === 0 && row.depth > 0;
  const time = formatDuration(instant ? startMs : durationMs);
  const value = row.unfinished ? `${time}, unfinished` : time;
  const x = plot.left + (startMs - view.fromMs) / plot.msPerPixel;
  const end = x + durationMs / plot.msPerPixel;
  // An arrow says on which side of what is looked at it lies.
  if (end < plot.left - 0.5) {
    const text = { x: plot.left + 2, anchor: 'start', inside: false, value: `◂ ${value}` } as const;
    return { bar: null, instantX: null, text };
  }
  if (x > plot.right + 0.5) {
    const text = { x: plot.right, anchor: 'end', inside: false, value: `${value} ▸` } as const;
    return { bar: null, instantX: null, text };
  }
  if (instant) {
    const span = { x: x - 4, width: 8 };
    return { bar: null, instantX: x, text: placeText(span, plot, value) };
  }
  // What took time is always visible, if only as a sliver.
  const from = Math.min(Math.max(x, plot.left), plot.right - 2);
  const width = Math.max(2, Math.min(end, plot.right) - from);
  const bar = { x: from, width, height: row.depth === 0 ? 16 : 10 };
  return { bar, instantX: null, text: placeText(bar, plot, value) };
}

/** After the bar; else before it; else, for a bar over the whole width, inside. */
function placeText(
  bar: { x: number; width: number },
  plot: Plot,
  value: string,
): WaterfallRow['text'] {
  const needed = value.length * characterWidth + gap;
  const end = bar.x + bar.width;
  if (end + needed <= plot.right) return { x: end + gap, anchor: 'start', inside: false, value };
  if (bar.x - needed >= plot.left) return { x: bar.x - gap, anchor: 'end', inside: false, value };
  return { x: end - gap, anchor: 'end', inside: true, value };
}

/** Phases have short titles; details are set in a font whose width is known. */
function shorten(row: TimelineRow, widthPx: number): string {
  if (row.depth === 0) return row.title;
  const most = Math.max(4, Math.floor(widthPx / characterWidth));
  return row.title.length <= most ? row.title : `${row.title.slice(0, most - 1)}…`;
}
