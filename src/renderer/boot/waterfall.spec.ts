import { expect, it } from 'vitest';
import type { BootTimeline } from '../../shared/index.ts';
import { layOut } from './waterfall.ts';

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
};

it('puts every phase where it was, keeps slivers visible and labels inside the plot', () => {
  const { rows, ticks } = layOut(boot, 616);
  expect(rows.map(({ bar }) => bar && [Math.round(bar.x), Math.round(bar.width)])).toEqual([
    [104, 50],
    [154, 2],
    [154, 50],
    [204, 300],
    [504, 100],
  ]);
  expect(rows.map(({ text }) => [text.anchor, text.inside])).toEqual([
    ['start', false],
    ['start', false],
    ['start', false],
    ['start', false],
    ['end', false],
  ]);
  expect(ticks[0]).toMatchObject({ x: 104, text: '0' });
  expect(ticks.at(-1)?.text).toBe('1000 ms');
});

it('shows phases that were not seen, and survives an empty boot', () => {
  const partial = layOut(
    { phases: boot.phases.slice(0, 1), totalMs: 100, reached: 'partial' },
    300,
  );
  expect(partial.rows.map(({ text }) => text.value).slice(1)).toEqual(Array(4).fill('not seen'));
  expect(partial.rows[0]?.text.inside).toBe(true);
  expect(layOut({ phases: [], totalMs: 0, reached: 'partial' }, 0).rows).toHaveLength(5);
});
