import { expect, it } from 'vitest';
import type { BootTimeline } from '../../shared/index.ts';
import { openableKeys, timelineRows } from './timeline-rows.ts';
import { wholeWindow, type ViewWindow } from './view-window.ts';
import { layOutRows, layOutTicks, momentAt, plotOf } from './waterfall.ts';

const boot: BootTimeline = {
  phases: [
    { name: 'process-start', startMs: 0, durationMs: 100 },
    { name: 'firmware', startMs: 100, durationMs: 0.2 },
    { name: 'kernel-load', startMs: 100.2, durationMs: 99.8 },
    { name: 'kernel', startMs: 200, durationMs: 600 },
    { name: 'user-space', startMs: 800, durationMs: 200 },
  ],
  totalMs: 1000,
  reached: 'ready',
  details: [],
  conditions: [],
  kernelClockMs: null,
};

function layOut(timeline: BootTimeline, width: number, view: ViewWindow, open: string[] = []) {
  const rows = timelineRows(timeline, new Set(open));
  const plot = plotOf(rows, view, width);
  return { ...layOutRows(rows, view, plot), ticks: layOutTicks(view, plot), plot };
}

it('puts every phase where it was, keeps slivers visible and labels inside the plot', () => {
  const { rows, ticks, height } = layOut(boot, 632, wholeWindow(1000));
  expect(rows.map(({ bar }) => bar && [Math.round(bar.x), Math.round(bar.width)])).toEqual([
    [112, 50],
    [162, 2],
    [162, 50],
    [212, 300],
    [512, 100],
  ]);
  expect(rows.map(({ text }) => text.anchor)).toEqual(['start', 'start', 'start', 'start', 'end']);
  expect(ticks[0]).toMatchObject({ x: 112, text: '0', anchor: 'start' });
  expect(ticks.at(-1)?.text).toBe('1000 ms');
  expect(height).toBe(150);
});

it('cuts bars at the edges of what is looked at, and says where the others are', () => {
  const { rows, plot } = layOut(boot, 616, { fromMs: 300, toMs: 700 });
  expect(rows[3]?.bar).toMatchObject({ x: plot.left, width: plot.right - plot.left });
  expect(rows[3]?.text.inside).toBe(true);
  expect([rows[0]?.bar, rows[0]?.text.value, rows[4]?.bar, rows[4]?.text.value]).toEqual([
    ...[null, '◂ 100 ms', null, '200 ms ▸'],
  ]);
  expect(momentAt(plot.left, { fromMs: 300, toMs: 700 }, plot)).toBe(300);
  expect(momentAt(plot.left - 1, { fromMs: 300, toMs: 700 }, plot)).toBeNull();
});

it('draws instants where they were, and shortens long names to the room there is', () => {
  const name = 'a_very_long_name_of_an_initcall_that_nobody_can_read_in_full';
  const detailed: BootTimeline = {
    ...boot,
    details: [
      { kind: 'device', name: 'virtio-rng', startMs: 500, durationMs: 0 },
      { kind: 'initcall', name, startMs: 300, durationMs: 50 },
    ],
  };
  const { rows, plot } = layOut(detailed, 420, wholeWindow(1000), openableKeys(detailed));
  const device = rows.find(({ row }) => row.kind === 'device');
  expect(device?.instantX).toBeCloseTo(plot.left + (plot.right - plot.left) / 2);
  expect(device?.text.value).toBe('500 ms');
  const call = rows.find(({ row }) => row.kind === 'initcall');
  expect(call?.label.endsWith('…')).toBe(true);
  expect(call?.label.length ?? 0).toBeLessThan(20);
});

it('survives an empty boot and no width', () => {
  const empty: BootTimeline = { ...boot, phases: [], totalMs: 0, reached: 'partial' };
  expect(layOut(empty, 0, wholeWindow(0)).rows).toEqual([]);
});
