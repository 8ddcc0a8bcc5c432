import { expect, it } from 'vitest';
import { memoryStops, nearestStop, vcpuStops } from './number-stops.ts';

it('offers stops that the host can bear, and finds the nearest', () => {
  expect(memoryStops(1000)).toEqual([64, 128, 256, 512]);
  expect(memoryStops(10)).toEqual([64]);
  expect(vcpuStops(4)).toEqual([1, 2, 3, 4]);
  expect(vcpuStops(16).at(-1)).toBe(16);
  expect([300, 9999, 0, Number.NaN].map((value) => nearestStop([64, 128, 256], value))).toEqual([
    2, 2, 0, 0,
  ]);
});
