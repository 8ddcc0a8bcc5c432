/**
 * The shapes that the history's canvas is drawn with, and where a run lies on it.
 * Draws on uPlot's canvas only; knows nothing of what a shape means.
 */
import type uPlot from 'uplot';
import type { MeasuredRun } from './statistics.ts';

/** From runs and milliseconds to the canvas' pixels. */
export interface Scale {
  x: (run: number) => number;
  y: (ms: number) => number;
}

/** uPlot's own conversion looks scales up by name for each value; this is for thousands. */
export function scaleOf({ bbox, scales }: uPlot): Scale {
  const linear = (min: number, max: number, from: number, to: number) => (value: number) =>
    from + ((value - min) / (max - min)) * (to - from);
  const { x, y } = scales;
  return {
    x: linear(x?.min ?? 0, x?.max ?? 1, bbox.left, bbox.left + bbox.width),
    y: linear(y?.min ?? 0, y?.max ?? 1, bbox.top + bbox.height, bbox.top),
  };
}

/** A disc, or a ring for a hollow one. */
export function point({ ctx }: uPlot, x: number, y: number, hollow: boolean): void {
  ctx.beginPath();
  ctx.arc(x, y, (hollow ? 2.75 : 3.25) * devicePixelRatio, 0, 2 * Math.PI);
  if (hollow) ctx.stroke();
  else ctx.fill();
}

/** A boot that was never ready has no time: where it stands is only how far it was seen. */
export function cross({ ctx }: uPlot, x: number, y: number, radius: number): void {
  const reach = radius * devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(x - reach, y - reach);
  ctx.lineTo(x + reach, y + reach);
  ctx.moveTo(x - reach, y + reach);
  ctx.lineTo(x + reach, y - reach);
  ctx.stroke();
}

/** A larger disc around a run's point; a ring without a fill. */
export function disc(
  { ctx }: uPlot,
  scale: Scale,
  run: MeasuredRun,
  radius: number,
  fill: string | null,
  stroke: string,
): void {
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.strokeStyle = stroke;
  ctx.beginPath();
  ctx.arc(scale.x(run.number), scale.y(run.boot.totalMs), radius * devicePixelRatio, 0, 7);
  ctx.stroke();
  if (fill === null) return;
  ctx.fillStyle = fill;
  ctx.fill();
}

/** A dashed line across. */
export function line(
  { ctx }: uPlot,
  color: string,
  dash: number[],
  x: number,
  y: number,
  to: number,
): void {
  ctx.strokeStyle = color;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash(dash.map((length) => length * devicePixelRatio));
  ctx.beginPath();
  ctx.moveTo(x, Math.round(y) + 0.5);
  ctx.lineTo(to, Math.round(y) + 0.5);
  ctx.stroke();
  ctx.setLineDash([]);
}

/** Nothing is drawn beyond the plot but the halves of points at its edge. */
export function clip({ ctx, bbox }: uPlot): void {
  const margin = 6 * devicePixelRatio;
  ctx.beginPath();
  ctx.rect(
    bbox.left - margin,
    bbox.top - margin,
    bbox.width + 2 * margin,
    bbox.height + 2 * margin,
  );
  ctx.clip();
}
