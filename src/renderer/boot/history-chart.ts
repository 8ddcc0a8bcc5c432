/**
 * The history chart over uPlot: a point per measured run, the median and the middle half behind them.
 * Owns its canvas and destroys it; never decides which run is chosen.
 */
import uPlot from 'uplot';
import { formatDuration } from '../format/index.ts';
import type { BootSummary, MeasuredRun } from './statistics.ts';

/** The colours of the moment, as CSS values. */
export interface ChartColors {
  kvm: string;
  accent: string;
  line: string;
  grid: string;
  text: string;
  panel: string;
}

/** What the chart tells its owner. */
export interface ChartListener {
  pointed(run: MeasuredRun | null): void;
  chosen(run: MeasuredRun): void;
}

const height = 152;

/** One drawn history. Runs must come oldest first. */
export class HistoryChart {
  readonly #plot: uPlot;
  readonly #colors: ChartColors;
  #runs: readonly MeasuredRun[] = [];
  #mixed = false;
  #summary: BootSummary | null = null;
  #chosen: MeasuredRun | null = null;

  constructor(
    element: HTMLElement,
    widthPx: number,
    colors: ChartColors,
    font: string,
    listener: ChartListener,
  ) {
    this.#colors = colors;
    const axis = {
      stroke: colors.text,
      font,
      ticks: { show: false },
      grid: { stroke: colors.grid, width: 1 },
    };
    const points = (filled: boolean): uPlot.Series => ({
      paths: () => null,
      points: {
        show: true,
        size: 7,
        width: 1.5,
        stroke: colors.kvm,
        fill: () => (filled || !this.#mixed ? colors.kvm : colors.panel),
      } as uPlot.Series.Points,
    });
    this.#plot = new uPlot(
      {
        width: widthPx,
        height,
        legend: { show: false },
        padding: [8, 20, 0, 0],
        cursor: {
          y: false,
          drag: { x: false, y: false },
          points: { show: false },
          dataIdx: (plot, _series, closest) => this.#nearest(plot, closest),
        },
        scales: {
          x: { time: false, range: () => this.#span() },
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
        series: [{}, points(true), points(false)],
        hooks: {
          drawClear: [(plot) => this.#drawSummary(plot)],
          draw: [(plot) => this.#drawMarks(plot)],
          setCursor: [
            (plot) => {
              listener.pointed(this.#pointed(plot));
              plot.redraw(false, false);
            },
          ],
        },
      },
      [[], [], []],
      element,
    );
    this.#plot.over.addEventListener('click', () => {
      const run = this.#pointed(this.#plot);
      if (run) listener.chosen(run);
    });
  }

  /** Draws these runs. Where both kinds occur, emulated ones are rings. */
  show(
    runs: readonly MeasuredRun[],
    summary: BootSummary | null,
    chosen: MeasuredRun | null,
  ): void {
    const same = runs === this.#runs;
    this.#runs = runs;
    this.#summary = summary;
    this.#chosen = chosen;
    this.#mixed = new Set(runs.map((run) => run.accelerator)).size > 1;
    if (same) return this.#plot.redraw(false, false);
    const value = (accelerator: string) => (run: MeasuredRun) =>
      run.accelerator === accelerator ? run.boot.totalMs : null;
    this.#plot.setData([
      runs.map((run) => run.number),
      runs.map(value('kvm')),
      runs.map(value('tcg')),
    ]);
  }

  resize(widthPx: number): void {
    this.#plot.setSize({ width: widthPx, height });
  }

  dispose(): void {
    this.#plot.destroy();
  }

  #nearest(plot: uPlot, closest: number): number {
    // uPlot's own search stops at the series' gaps; every run has a value in one of the two series.
    return plot.data[0].length > 0 ? closest : -1;
  }

  /** The numbers of the first and the last run, with room for their points. */
  #span(): [number, number] {
    const first = this.#runs[0]?.number ?? 1;
    const last = this.#runs.at(-1)?.number ?? 1;
    return [first - 1, last + 1];
  }

  /** Neither half a run nor one that was not is named. */
  #runText(run: number): string {
    const [before, after] = this.#span();
    return Number.isInteger(run) && run > before && run < after ? String(run) : '';
  }

  #pointed(plot: uPlot): MeasuredRun | null {
    const { idx, left } = plot.cursor;
    if (idx === null || idx === undefined || left === undefined || left < 0) return null;
    return this.#runs[idx] ?? null;
  }

  #drawSummary(plot: uPlot): void {
    const summary = this.#summary;
    if (!summary || summary.count < 2) return;
    const { ctx, bbox } = plot;
    const y = (ms: number): number => Math.round(plot.valToPos(ms, 'y', true));
    ctx.save();
    ctx.globalAlpha = 0.1;
    ctx.fillStyle = this.#colors.kvm;
    const top = y(summary.upperQuartileMs);
    ctx.fillRect(bbox.left, top, bbox.width, Math.max(1, y(summary.lowerQuartileMs) - top));
    ctx.globalAlpha = 0.7;
    ctx.strokeStyle = this.#colors.kvm;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([3 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y(summary.medianMs));
    ctx.lineTo(bbox.left + bbox.width, y(summary.medianMs));
    ctx.stroke();
    ctx.restore();
  }

  #drawMarks(plot: uPlot): void {
    const pointed = this.#pointed(plot);
    if (pointed && pointed !== this.#chosen) this.#disc(plot, pointed, 4.5, this.#colors.kvm);
    if (this.#chosen) this.#disc(plot, this.#chosen, 5, this.#colors.accent);
  }

  #disc(plot: uPlot, run: MeasuredRun, radius: number, color: string): void {
    const { ctx } = plot;
    const x = plot.valToPos(run.number, 'x', true);
    const y = plot.valToPos(run.boot.totalMs, 'y', true);
    ctx.save();
    ctx.fillStyle = color;
    ctx.strokeStyle = this.#colors.panel;
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.beginPath();
    ctx.arc(x, y, radius * devicePixelRatio, 0, 2 * Math.PI);
    ctx.stroke();
    ctx.fill();
    ctx.restore();
  }
}

/** Some air around the values, at least a tenth of them, so that noise does not look like a mountain. */
export function paddedRange(min: number | null, max: number | null): [number, number] {
  if (min === null || max === null) return [0, 1000];
  const air = Math.max((max - min) * 0.25, max * 0.1, 1);
  return [Math.max(0, min - air), max + air];
}
