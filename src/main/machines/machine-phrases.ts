/**
 * How the journal and a machine's problem say things, and small readings of what they are made of.
 * Holds no state.
 */
import type { Activity, BootTimeline } from '../../shared/index.ts';
import type { Hold } from './live-run.ts';

/** The ladder's rungs as the journal says them. */
export const stopSteps: Partial<Record<Activity, string>> = {
  'asking-guest': 'Asked the guest to shut down.',
  'ending-qemu': 'Asked QEMU to end.',
  terminating: 'Ended the process (SIGTERM).',
  killing: 'Killed the process (SIGKILL).',
};

/** What holds a machine, as the journal says it. */
export const holds: Record<Hold, string> = {
  suspended: 'QEMU was suspended by a signal from outside.',
  'disk-error':
    'QEMU halted the machine: the image of one of its disks could not be written or read. See to the disk (is it full?), then resume.',
  'qemu-error': 'QEMU halted the machine: it could not go on. Only a restart helps.',
};

/** How far a boot was seen to come. */
export function rank(boot: BootTimeline | null): number {
  return boot === null ? -1 : ['partial', 'user-space', 'ready'].indexOf(boot.reached);
}

/** The last lines, from a little before a panic's own words on where there are such. */
export function aroundPanic(lines: readonly string[]): string[] {
  const at = lines.findLastIndex((line) => line.includes('Kernel panic - not syncing'));
  return at < 0 ? lines.slice(-20) : lines.slice(Math.max(0, at - 5), at + 35);
}
