import { expect, it } from 'vitest';
import { rowHeightPx, rowsToDraw, scrollTopFor } from './row-window.ts';

it('draws a short list whole, and of a long one what is near the screen', () => {
  expect(rowsToDraw(5, 0, 480, -1)).toEqual([0, 1, 2, 3, 4]);
  expect(rowsToDraw(0, 0, 480, 0)).toEqual([]);
  const rows = rowsToDraw(500, 100 * rowHeightPx, 10 * rowHeightPx, -1);
  expect([rows[0], rows.at(-1), rows.length]).toEqual([92, 121, 30]);
  expect(rowsToDraw(500, 499 * rowHeightPx, 480, -1).at(-1)).toBe(499);
});

it('keeps one row wherever it is, in order and once', () => {
  const at = (keep: number): number[] => rowsToDraw(500, 100 * rowHeightPx, 480, keep);
  expect(at(3).slice(0, 2)).toEqual([3, 92]);
  expect(at(400).slice(-2)).toEqual([121, 400]);
  expect(at(100)).toEqual(at(-1));
  expect(at(500)).toEqual(at(-1));
});

it('scrolls no further than it must', () => {
  expect(scrollTopFor(2, 0, 480)).toBe(0);
  expect(scrollTopFor(10, 0, 480)).toBe(48);
  expect(scrollTopFor(3, 480, 480)).toBe(144);
});
