/**
 * What became of a boot: it was ready, it never was, or that is not known yet.
 * Pure. Must never take a boot whose sign did not come for one that is over sooner.
 */
import type { Run } from './run.ts';

/**
 * `ready`: its sign came. `first-process`: kept before signs were, its first process ran. `waiting`: the sign is
 * still waited for. `never-ready`: the sign did not come, and is not waited for any more. `unseen`: nothing that
 * Nandu's own init says was seen, and nothing went wrong: the guest may well have its own init and be ready.
 */
export type BootOutcome = 'ready' | 'first-process' | 'waiting' | 'never-ready' | 'unseen';

/** These are given by Nandu's own init and agent, which a guest need not have. */
const ownSigns: readonly (string | undefined)[] = ['agent', 'init', undefined];

/** @returns null where nothing of a boot was seen yet, or at all. */
export function bootOutcome({
  boot,
  end,
  endedAtMs,
}: Pick<Run, 'boot' | 'end' | 'endedAtMs'>): BootOutcome | null {
  if (boot === null) return null;
  if (boot.reached === 'ready') return 'ready';
  const [late, rebooted] = (['deadline', 'rebooted'] as const).map((one) =>
    boot.conditions.includes(one),
  );
  const over = end !== null || endedAtMs !== null;
  if (!late && !rebooted) {
    if (boot.reached === 'user-space' && boot.sign === undefined) return 'first-process';
    if (!over) return 'waiting';
  }
  const mayBeReady = boot.reached === 'partial' && ownSigns.includes(boot.sign) && !rebooted;
  return mayBeReady && end?.expected !== false ? 'unseen' : 'never-ready';
}

/** Whether it came to the end that it was measured by: only then its total is one that others may be held against. */
export function hasBootTime(run: Pick<Run, 'boot' | 'end' | 'endedAtMs'>): boolean {
  const outcome = bootOutcome(run);
  return outcome === 'ready' || outcome === 'first-process';
}
