/**
 * The waterfall's geometry in pixels, from phases and a width.
 * Pure; the component only draws what is computed here.
 */
import { phaseNames, type BootTimeline, type Phase, type PhaseName } from '../../shared/index.ts';
import { formatDuration } from '../format/index.ts';
import { niceTicks, tickTexts } from './ticks.ts';

export const rowHeight = 30;
export const barHeight = 16;
const labelWidth = 104;
const rightMargin = 12;
/** The advance of JetBrains Mono at 11 px. */
const characterWidth = 6.6;
const gap = 7;

/** One row; `bar` is null for a phase that was not seen. */
export interface WaterfallRow {
  name: PhaseName;
  phase: Phase | null;
  y: number;
  bar: { x: number; width: number } | null;
  text: { x: number; anchor: 'start' | 'end'; inside: boolean; value: string };
}

export interface Waterfall {
  rows: WaterfallRow[];
  ticks: { x: number; textX: number; text: string; anchor: 'start' | 'middle' | 'end' }[];
  height: number;
  plotLeft: number;
  plotHeight: number;
}

/** Lays a boot out over a width. @param width the figure's width in pixels */
export function layOut(boot: BootTimeline, width: number): Waterfall {
  const plotLeft = labelWidth;
  const plotWidth = Math.max(80, width - plotLeft - rightMargin);
  const plotRight = plotLeft + plotWidth;
  const scale = boot.totalMs > 0 ? plotWidth / boot.totalMs : 0;

  const rows = phaseNames.map((name, index): WaterfallRow => {
    const phase = boot.phases.find((candidate) => candidate.name === name) ?? null;
    const y = index * rowHeight;
    if (!phase) {
      const text = {
        x: plotLeft + gap,
        anchor: 'start',
        inside: false,
        value: 'not seen',
      } as const;
      return { name, phase, y, bar: null, text };
    }
    const x = plotLeft + phase.startMs * scale;
    // What took time is always visible, if only as a sliver.
    const barWidth = Math.max(2, phase.durationMs * scale);
    const bar = { x: Math.min(x, plotRight - 2), width: Math.min(barWidth, plotRight - x + 2) };
    return { name, phase, y, bar, text: placeText(bar, plotLeft, plotRight, phase.durationMs) };
  });

  const ticksMs = niceTicks(boot.totalMs, Math.max(2, Math.floor(plotWidth / 96)));
  const texts = tickTexts(ticksMs);
  const ticks = ticksMs.map((tick, index) => {
    const x = Math.round(plotLeft + tick * scale);
    const nearEnd = plotRight - x < 24;
    const anchor = index === 0 ? 'start' : nearEnd ? 'end' : 'middle';
    const textX = nearEnd ? plotRight : x;
    return { x, textX, text: texts[index] ?? '', anchor } as const;
  });

  const plotHeight = phaseNames.length * rowHeight;
  return { rows, ticks, height: plotHeight + 24, plotLeft, plotHeight };
}

/** After the bar; else before it; else, for a bar over the whole width, inside. */
function placeText(
  bar: { x: number; width: number },
  plotLeft: number,
  plotRight: number,
  durationMs: number,
): WaterfallRow['text'] {
  const value = formatDuration(durationMs);
  const needed = value.length * characterWidth + gap;
  const end = bar.x + bar.width;
  if (end + needed <= plotRight) return { x: end + gap, anchor: 'start', inside: false, value };
  if (bar.x - needed >= plotLeft) return { x: bar.x - gap, anchor: 'end', inside: false, value };
  return { x: end - gap, anchor: 'end', inside: true, value };
}
