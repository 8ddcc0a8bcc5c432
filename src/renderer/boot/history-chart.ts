/**
 * The history chart over uPlot: a point per measured run, over an axis of runs that zooms and pans.
 * Owns its canvas and destroys it; never decides which run is chosen.
 */
import uPlot from 'uplot';
import { formatDuration } from '../format/index.ts';
import { axisGestures } from './axis-gestures.ts';
import {
  drawChosen,
  drawPoints,
  drawShifts,
  drawSummary,
  indexFrom,
  type ChartColors,
  type ChartContent,
} from './history-marks.ts';
import type { MeasuredRun } from './statistics.ts';
import { isClosest, panWindow, zoomWindow } from './view-window.ts';

/** What the chart tells its owner. */
export interface ChartListener {
  pointed(run: MeasuredRun | null): void;
  /** @param other whether it is to be compared with the one that is shown (Shift). */
  chosen(run: MeasuredRun, other: boolean): void;
  /** Whether it shows less than all runs, and whether it can show none less. */
  zoomed(zoomed: boolean, closest: boolean): void;
}

const height = 168;
/** No fewer runs than this are looked at. */
const fewestRuns = 8;

const nothing: ChartContent = {
  ...{ runs: [], summary: null, level: null, chosen: null, compared: null, shifts: [] },
};

/** One drawn history. */
export class HistoryChart {
  readonly #plot: uPlot;
  readonly #colors: ChartColors;
  readonly #listener: ChartListener;
  readonly #endGestures: (() => void) | undefined;
  #content = nothing;
  #mixed = false;
  /** Null for all runs. */
  #span: [number, number] | null = null;

  constructor(
    element: HTMLElement,
    widthPx: number,
    colors: ChartColors,
    font: string,
    listener: ChartListener,
  ) {
    this.#colors = colors;
    this.#listener = listener;
    const axis = {
      stroke: colors.text,
      font,
      ticks: { show: false },
      grid: { stroke: colors.grid, width: 1 },
    };
    this.#plot = new uPlot(
      {
        width: widthPx,
        height,
        legend: { show: false },
        padding: [8, 20, 0, 0],
        cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
        scales: {
          x: { time: false, range: () => this.#span ?? this.#whole() },
          y: { range: (_plot, min, max) => paddedRange(min, max) },
        },
        axes: [
          {
            ...axis,
            size: 24,
            gap: 4,
            space: 64,
            incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000],
            grid: { show: false },
            // A run 0 or half a run does not exist.
            values: (_plot, splits) => splits.map((run) => this.#runText(run)),
          },
          {
            ...axis,
            size: 60,
            gap: 8,
            space: 36,
            values: (_plot, splits) => splits.map(formatDuration),
          },
        ],
        series: [{}, { paths: () => null, points: { show: false } }],
        hooks: {
          drawClear: [
            (plot) => {
              plot.ctx.font = font.replace('11px', `${11 * devicePixelRatio}px`);
              drawSummary(plot, this.#content, colors);
            },
          ],
          draw: [(plot) => this.#draw(plot)],
          setCursor: [
            (plot) => {
              listener.pointed(this.#pointed());
              plot.redraw(false, false);
            },
          ],
        },
      },
      [[], []],
      element,
    );
    this.#plot.over.addEventListener('click', (event) => {
      const run = this.#pointed();
      if (run) listener.chosen(run, event.shiftKey);
    });
    const gestures = axisGestures({
      zoom: (factor, x) => this.zoom(factor, this.#plot.posToVal(x, 'x')),
      pan: (pixels) => {
        const [from, to] = this.#span ?? this.#whole();
        this.#pan((pixels * (to - from)) / Math.max(1, this.#plot.over.clientWidth));
      },
      canPan: () => this.#span !== null,
    });
    this.#endGestures = gestures(this.#plot.over) ?? undefined;
  }

  /** Draws this; a chosen run that was another before is moved into view. */
  show(content: ChartContent): void {
    const before = this.#content;
    this.#content = content;
    this.#mixed = new Set(content.runs.map((run) => run.accelerator)).size > 1;
    if (content.chosen && content.chosen.id !== before.chosen?.id) this.#reveal(content.chosen);
    this.#tellZoom();
    if (content.runs === before.runs) return this.#plot.redraw(false, false);
    this.#plot.setData([
      content.runs.map((run) => run.number),
      content.runs.map((run) => run.boot.totalMs),
    ]);
  }

  /** By a factor around a run's number; around the chosen run, or the middle, without one. */
  zoom(factor: number, around?: number): void {
    const [from, to] = this.#span ?? this.#whole();
    const chosen = this.#content.chosen?.number ?? Number.NaN;
    const at = around ?? (chosen >= from && chosen <= to ? chosen : (from + to) / 2);
    this.#move((first, total) => {
      const most = (to - from) / Math.min(fewestRuns, total);
      const view = { fromMs: from - first, toMs: to - first };
      return zoomWindow(view, Math.min(factor, Math.max(1, most)), at - first, total);
    });
  }

  fit(): void {
    this.#setSpan(null);
  }

  resize(widthPx: number): void {
    this.#plot.setSize({ width: widthPx, height });
  }

  dispose(): void {
    this.#endGestures?.();
    this.#plot.destroy();
  }

  #pan(runs: number): void {
    const [from, to] = this.#span ?? this.#whole();
    this.#move((first, total) => {
      return panWindow({ fromMs: from - first, toMs: to - first }, runs, total);
    });
  }

  #move(change: (first: number, total: number) => { fromMs: number; toMs: number }): void {
    const [first, last] = this.#whole();
    const { fromMs, toMs } = change(first, last - first);
    const all = toMs - fromMs >= (last - first) * 0.9999;
    this.#setSpan(all ? null : [fromMs + first, toMs + first]);
  }

  #setSpan(span: [number, number] | null): void {
    this.#span = span;
    this.#tellZoom();
    const [min, max] = span ?? this.#whole();
    this.#plot.setScale('x', { min, max });
  }

  #tellZoom(): void {
    const [first, last] = this.#whole();
    const [from, to] = this.#span ?? [first, last];
    const closest = isClosest({ fromMs: from, toMs: to }, fewestRuns, last - first);
    this.#listener.zoomed(this.#span !== null, closest);
  }

  #reveal({ number }: MeasuredRun): void {
    if (this.#span === null) return;
    const [from, to] = this.#span;
    if (number < from || number > to) this.#pan(number - (from + to) / 2);
  }

  /** The numbers of the first and the last run, with room for their points. */
  #whole(): [number, number] {
    const { runs } = this.#content;
    return [(runs[0]?.number ?? 1) - 1, (runs.at(-1)?.number ?? 1) + 1];
  }

  /** Neither half a run nor one that was not is named. */
  #runText(run: number): string {
    const [before, after] = this.#whole();
    return Number.isInteger(run) && run > before && run < after ? String(run) : '';
  }

  /** The run nearest to the pointer. */
  #pointed(): MeasuredRun | null {
    const { left } = this.#plot.cursor;
    const { runs } = this.#content;
    if (left === undefined || left < 0 || runs.length === 0) return null;
    const at = this.#plot.posToVal(left, 'x');
    const after = indexFrom(runs, at);
    const [one, other] = [runs[after - 1], runs[after]];
    if (!one || !other) return one ?? other ?? null;
    return at - one.number < other.number - at ? one : other;
  }

  #draw(plot: uPlot): void {
    drawPoints(plot, this.#content, this.#mixed, this.#colors);
    drawShifts(plot, this.#content, this.#colors);
    drawChosen(plot, this.#content, this.#pointed(), this.#colors);
  }
}

/** Some air around the values, at least a tenth of them, so that noise does not look like a mountain. */
export function paddedRange(min: number | null, max: number | null): [number, number] {
  if (min === null || max === null) return [0, 1000];
  const air = Math.max((max - min) * 0.25, max * 0.1, 1);
  return [Math.max(0, min - air), max + air];
}
