import { expect, it } from 'vitest';
import { EpochClock } from './clock.ts';

it('follows the wall clock through sleep, drift and steps, with a fraction', () => {
  let wall = 1_000_000;
  let monotonic = 5.25;
  const clock = new EpochClock({ wall: () => wall, monotonic: () => monotonic });
  expect(clock.now()).toBe(1_000_000);
  monotonic += 0.5;
  expect(clock.now()).toBe(1_000_000.5);
  // Asleep for an hour: the monotonic clock stood still.
  wall += 3_600_000;
  monotonic += 1;
  expect(clock.now()).toBe(4_600_000);
  // Set back by a minute.
  wall -= 60_000;
  expect(clock.now()).toBe(4_540_000);
  // Drift never makes the difference a millisecond.
  for (let step = 0; step < 1000; step++) {
    wall += 10;
    monotonic += 10.01;
    const now = clock.now();
    expect(Math.floor(now)).toBe(wall);
  }
});

it('works with the real clocks', () => {
  const clock = new EpochClock();
  const before = Date.now();
  const now = clock.now();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThan(Date.now() + 1);
});
