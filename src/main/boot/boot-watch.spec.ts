import { describe, expect, it } from 'vitest';
import { BootWatch } from './boot-watch.ts';

const spawnedAtMs = 1_000_000;

/** A boot of 2 s whose clock is set by `stepMs` when it is 1 s old. */
function boot(stepMs: number, watchedFromSpawn = true): { shown: unknown; total: number } {
  let elapsedMs = 0;
  const wall = (): number => spawnedAtMs + elapsedMs + (elapsedMs >= 1_000 ? stepMs : 0);
  const watch = new BootWatch(spawnedAtMs, watchedFromSpawn, {
    ...{ wall, monotonic: () => 77 + elapsedMs },
  });
  const at = (ms: number): number => {
    elapsedMs = ms;
    return wall();
  };
  watch.resumed(at(50));
  watch.userSpace(at(1_800));
  // Stamped by QEMU, heard 3 ms later.
  const readyAtMs = at(2_000);
  at(2_003);
  watch.ready(readyAtMs);
  const { phases, totalMs, reached } = watch.timeline();
  return { shown: [reached, ...phases.map(({ name }) => name)], total: totalMs };
}

describe('BootWatch', () => {
  it.each([0, 100, -100, 3_600_000, -3_600_000, 86_400_000])(
    'shows a boot of 2 s when the clock is set by %i ms meanwhile',
    (stepMs) => {
      const { shown, total } = boot(stepMs);
      expect(shown).toEqual(['ready', 'process-start', 'kernel', 'user-space']);
      expect(Math.abs(total - 2_000)).toBeLessThanOrEqual(Math.abs(stepMs) <= 100 ? 100 : 0);
    },
  );

  it('works for a boot that another app began', () => {
    expect(boot(0, false)).toEqual(boot(0));
  });
});
