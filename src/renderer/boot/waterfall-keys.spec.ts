import { expect, it, vi } from 'vitest';
import { sampleBoot } from './sample-runs.ts';
import { timelineRows, type TimelineRow } from './timeline-rows.ts';
import { waterfallKey } from './waterfall-keys.ts';

const boot = sampleBoot(100, {
  phases: [
    { name: 'process-start', startMs: 0, durationMs: 40 },
    { name: 'kernel', startMs: 40, durationMs: 60 },
  ],
  details: [{ kind: 'device', name: 'rng', startMs: 50, durationMs: 0 }],
});

function pressed(key: string, rowKey: string, zoomed = false, open: string[] = [], altKey = false) {
  const view = {
    ...{ zoomed, open: new Set(open) },
    ...{ fit: vi.fn(), zoomIn: vi.fn(), zoomOut: vi.fn(), panShare: vi.fn(), toggle: vi.fn() },
  };
  const rows = timelineRows(boot, view.open);
  const row = rows.find((one) => one.key === rowKey) as TimelineRow;
  const event = { key, altKey, ctrlKey: false, metaKey: false };
  const focus = waterfallKey(event, row, rows, view as never);
  return { view, focus, open: [...view.open] };
}

it('goes through the rows and stops at the ends', () => {
  expect(pressed('ArrowDown', 'process-start').focus).toBe('kernel');
  expect(pressed('ArrowDown', 'kernel').focus).toBe('kernel');
  expect(pressed('ArrowUp', 'process-start').focus).toBe('process-start');
  expect(pressed('End', 'process-start').focus).toBe('kernel');
});

it('opens and closes as a tree does, and pans where it is zoomed', () => {
  expect(pressed('ArrowRight', 'kernel').open).toEqual(['kernel']);
  expect(pressed('ArrowRight', 'kernel', false, ['kernel']).focus).toBe('kernel/0');
  expect(pressed('ArrowLeft', 'kernel/0', false, ['kernel']).focus).toBe('kernel');
  expect(pressed('ArrowLeft', 'kernel', false, ['kernel']).open).toEqual([]);
  expect(pressed(' ', 'kernel', true).open).toEqual(['kernel']);
  const panned = pressed('ArrowRight', 'kernel', true);
  expect([panned.open, panned.view.panShare.mock.calls.length]).toEqual([[], 1]);
  expect(pressed('ArrowRight', 'kernel', true, [], true).open).toEqual(['kernel']);
});

it('zooms, fits, and leaves to others what it has no use for', () => {
  expect(pressed('+', 'kernel').view.zoomIn).toHaveBeenCalledWith(70);
  expect(pressed('Enter', 'kernel').view.toggle).toHaveBeenCalledWith(40, 60);
  expect(pressed('Escape', 'kernel', true).view.fit).toHaveBeenCalled();
  expect(pressed('Escape', 'kernel').focus).toBeNull();
  expect(pressed('a', 'kernel').focus).toBeNull();
});
