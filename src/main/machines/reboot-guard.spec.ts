import { expect, it } from 'vitest';
import { RebootGuard } from './reboot-guard.ts';

it('allows three reboots in half a minute, and any number with time between them', () => {
  let now = 0;
  const guard = new RebootGuard(() => now);
  const after = (ms: number): boolean => {
    now += ms;
    return guard.allow();
  };
  expect([after(0), after(1_000), after(1_000), after(1_000)]).toEqual([true, true, true, false]);
  expect(after(30_000)).toBe(true);
  expect(Array.from({ length: 20 }, () => after(15_000))).toEqual(Array(20).fill(true));
});
