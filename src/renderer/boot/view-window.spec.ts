import { expect, it } from 'vitest';
import {
  isClosest,
  clampWindow,
  isWhole,
  panWindow,
  wholeWindow,
  windowAround,
  zoomWindow,
} from './view-window.ts';

it('zooms around a point that stays where it is, and never past the axis', () => {
  const whole = wholeWindow(1000);
  const closer = zoomWindow(whole, 2, 250, 1000);
  expect(closer).toEqual({ fromMs: 125, toMs: 625 });
  expect(zoomWindow(closer, 0.5, 250, 1000)).toEqual(whole);
  expect(zoomWindow(whole, 2, 0, 1000)).toEqual({ fromMs: 0, toMs: 500 });
  expect(zoomWindow(whole, 0.1, 900, 1000)).toEqual(whole);
  const closest = zoomWindow(whole, 1e9, 1000, 1000);
  expect(closest.toMs - closest.fromMs).toBeCloseTo(0.02);
  expect(closest.toMs).toBe(1000);
});

it('pans to the ends and no further', () => {
  const view = { fromMs: 100, toMs: 300 };
  expect(panWindow(view, 50, 1000)).toEqual({ fromMs: 150, toMs: 350 });
  expect(panWindow(view, -500, 1000)).toEqual({ fromMs: 0, toMs: 200 });
  expect(panWindow(view, 5000, 1000)).toEqual({ fromMs: 800, toMs: 1000 });
});

it('shows a span with air around it, and an instant with its neighbourhood', () => {
  expect(windowAround(400, 100, 1000)).toEqual({ fromMs: 394, toMs: 506 });
  expect(windowAround(60, 920, 1000)).toEqual({ fromMs: 40, toMs: 1000 });
  expect(windowAround(0, 1000, 1000)).toEqual({ fromMs: 0, toMs: 1000 });
  const instant = windowAround(500, 0, 1000);
  expect([instant.fromMs, instant.toMs].map((ms) => Math.round(ms * 10) / 10)).toEqual([
    494.4, 505.6,
  ]);
});

it('survives an empty boot', () => {
  expect(wholeWindow(0)).toEqual({ fromMs: 0, toMs: 1 });
  expect(clampWindow({ fromMs: 0, toMs: 5 }, 0)).toEqual({ fromMs: 0, toMs: 1 });
  expect(isWhole({ fromMs: 0, toMs: 1 }, 0)).toBe(true);
  expect(isWhole({ fromMs: 0, toMs: 500 }, 1000)).toBe(false);
});

it('cannot be looked at more closely than the least span, or than all where that is less', () => {
  const view = (toMs: number) => ({ fromMs: 0, toMs });
  expect([
    isClosest(view(4), 8, 4), // three runs: all of them are the closest already
    isClosest(view(12), 8, 12),
    isClosest(view(8.0004), 8, 12),
    isClosest(view(9), 8, 12),
  ]).toEqual([true, false, true, false]);
});
