/**
 * What the history's canvas shows: points, the middle and its spread, the baseline, and shifts.
 * Draws on uPlot's canvas only, and only what is in view, so that 10,000 runs pan smoothly.
 */
import type uPlot from 'uplot';
import { hasBootTime } from '../../shared/index.ts';
import { formatDeltaShare } from './boot-words.ts';
import type { Shift } from './shifts.ts';
import { clip, cross, disc, line, point, scaleOf, type Scale } from './history-shapes.ts';
import { isUndisturbed, type BootSummary, type MeasuredRun, type RunLevel } from './statistics.ts';

/** The colours of the moment, as CSS values. */
export interface ChartColors {
  point: string;
  accent: string;
  warn: string;
  line: string;
  grid: string;
  text: string;
  panel: string;
}

/** What is drawn. */
export interface ChartContent {
  /** Oldest first. */
  runs: readonly MeasuredRun[];
  summary: BootSummary | null;
  /** The runs that the summary is of. */
  level: RunLevel | null;
  chosen: MeasuredRun | null;
  compared: MeasuredRun | null;
  shifts: readonly Shift[];
}

/** From so many points per pixel on, squares stand for points: nobody sees a disc of two pixels. */
const densePointsPerPixel = 0.6;

/** The first index whose run is not before a number. */
export function indexFrom(runs: readonly MeasuredRun[], number: number): number {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs[middle]?.number ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The middle half and the median, behind the points. */
export function drawSummary(
  plot: uPlot,
  { summary, level, runs }: ChartContent,
  c: ChartColors,
): void {
  const { ctx, bbox } = plot;
  const { x, y } = scaleOf(plot);
  const end = bbox.left + bbox.width;
  const left = Math.max(bbox.left, level?.from == null ? 0 : x(level.from - 0.5));
  const right = Math.min(end, level?.to == null ? end : x(level.to - 0.5));
  ctx.save();
  clip(plot);
  if (summary && summary.count > 1 && right > left) {
    ctx.globalAlpha = 0.1;
    ctx.fillStyle = c.point;
    const top = Math.round(y(summary.upperQuartileMs));
    const height = Math.round(y(summary.lowerQuartileMs)) - top;
    ctx.fillRect(left, top, right - left, Math.max(1, height));
    ctx.globalAlpha = 0.7;
    line(plot, c.point, [3, 4], left, y(summary.medianMs), right);
  }
  const baseline = runs.find((run) => run.baseline && hasBootTime(run));
  if (baseline) {
    const at = y(baseline.boot.totalMs);
    ctx.globalAlpha = 0.8;
    line(plot, c.warn, [1, 3], bbox.left, at, end);
    ctx.globalAlpha = 1;
    ctx.fillStyle = c.text;
    ctx.textAlign = 'left';
    ctx.textBaseline = 'bottom';
    ctx.fillText('baseline', bbox.left + 4 * devicePixelRatio, at - 2 * devicePixelRatio);
  }
  ctx.restore();
}

/**
 * All points in view; where both accelerators occur, emulated ones are rings. Disturbed ones are faint, and those
 * that were never ready are crosses.
 */
export function drawPoints(
  plot: uPlot,
  { runs }: ChartContent,
  mixed: boolean,
  c: ChartColors,
): void {
  const { ctx, bbox, scales } = plot;
  const scale = scaleOf(plot);
  const from = indexFrom(runs, scales.x?.min ?? 0);
  const to = indexFrom(runs, (scales.x?.max ?? 0) + 1);
  const dpr = devicePixelRatio;
  const dense = (to - from) / (bbox.width / dpr) > densePointsPerPixel;
  const drawn = new Set<number>();
  ctx.save();
  clip(plot);
  ctx.fillStyle = c.point;
  ctx.strokeStyle = c.point;
  ctx.lineWidth = 1.5 * dpr;
  for (let index = from; index < to; index += 1) {
    const run = runs[index];
    if (!run) continue;
    const x = scale.x(run.number);
    const y = scale.y(run.boot.totalMs);
    // Where there is no room for crosses, what was never ready is faint as well.
    ctx.globalAlpha = isUndisturbed(run) && (hasBootTime(run) || !dense) ? 1 : 0.5;
    if (dense) {
      const cell = (x >> 1) * 4096 + (y >> 1);
      if (drawn.has(cell)) continue;
      drawn.add(cell);
      ctx.fillRect(x - dpr, y - dpr, 2.5 * dpr, 2.5 * dpr);
      continue;
    }
    if (!hasBootTime(run)) cross(plot, x, y, 3);
    else point(plot, x, y, mixed && run.accelerator === 'tcg');
    if (run.note === '') continue;
    // A note hangs below its point.
    ctx.fillRect(x - 3 * dpr, bbox.top + bbox.height - 3 * dpr, 6 * dpr, 2 * dpr);
  }
  ctx.restore();
}

/** A line where the level changed, with by how much; a ring around each slow boot. */
export function drawShifts(plot: uPlot, { shifts }: ChartContent, c: ChartColors): void {
  const { ctx, bbox, scales } = plot;
  const scale = scaleOf(plot);
  const dpr = devicePixelRatio;
  const min = scales.x?.min ?? 0;
  const max = scales.x?.max ?? 0;
  const inView = shifts.filter(({ run }) => run.number >= min && run.number <= max);
  let free = Number.NEGATIVE_INFINITY;
  ctx.save();
  clip(plot);
  ctx.textAlign = 'left';
  ctx.textBaseline = 'top';
  for (const { kind, run, beforeMs, afterMs } of inView) {
    if (kind === 'slow') {
      disc(plot, scale, run, 5, null, c.warn);
      continue;
    }
    const x = Math.round(scale.x(run.number - 0.5)) + 0.5;
    ctx.strokeStyle = kind === 'slower' ? c.warn : c.line;
    ctx.lineWidth = dpr;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    if (x < free) continue;
    const text = formatDeltaShare(afterMs - beforeMs, beforeMs);
    ctx.fillStyle = kind === 'slower' ? c.warn : c.text;
    ctx.fillText(text, x + 5 * dpr, bbox.top + dpr);
    free = x + ctx.measureText(text).width + 16 * dpr;
  }
  ctx.restore();
}

/**
 * The run that is shown, the one it is compared with, and the one at the pointer. That one was chosen makes it
 * neither undisturbed nor ready: what is faint or a cross among the points stays so, within a ring.
 */
export function drawChosen(
  plot: uPlot,
  { chosen, compared }: ChartContent,
  pointed: MeasuredRun | null,
  c: ChartColors,
): void {
  const scale = scaleOf(plot);
  plot.ctx.save();
  clip(plot);
  if (pointed && pointed !== chosen) drawLarge(plot, scale, pointed, 4.5, c.point, c.panel);
  if (compared) disc(plot, scale, compared, 5, c.panel, c.accent);
  if (chosen) drawLarge(plot, scale, chosen, 5, c.accent, c.panel);
  plot.ctx.restore();
}

function drawLarge(
  plot: uPlot,
  scale: Scale,
  run: MeasuredRun,
  radius: number,
  color: string,
  panel: string,
): void {
  const ready = hasBootTime(run);
  if (ready && isUndisturbed(run)) return disc(plot, scale, run, radius, color, panel);
  const { ctx } = plot;
  disc(plot, scale, run, radius + 1, panel, panel);
  ctx.globalAlpha = isUndisturbed(run) ? 1 : 0.5;
  if (ready) disc(plot, scale, run, radius - 2, color, color);
  else {
    ctx.strokeStyle = color;
    ctx.lineWidth = 1.5 * devicePixelRatio;
    cross(plot, scale.x(run.number), scale.y(run.boot.totalMs), 2.5);
  }
  ctx.globalAlpha = 1;
  disc(plot, scale, run, radius + 0.5, null, color);
}
