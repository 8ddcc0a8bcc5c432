/**
 * How the journal and a machine's problem say things, and small readings of what they are made of.
 * Holds no state.
 */
import type { Activity, BootTimeline, MachineSpec, ReadySign } from '../../shared/index.ts';
import type { Hold } from './guest-hold.ts';

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

/** That the guest restarted, which of one that was not ready yet is no wish of its programs. */
export function restartPhrase(boot: BootTimeline | null): string {
  const early = boot?.conditions.includes('rebooted') === true;
  return early ? 'The guest restarted before it was ready' : 'The guest restarted';
}

/** How far a boot was seen to come. */
export function rank(boot: BootTimeline | null): number {
  return boot === null ? -1 : ['partial', 'user-space', 'ready'].indexOf(boot.reached);
}

/** What a person is to know of a boot, as far as it was not said of what was known before. */
export function newsOfBoot(
  boot: BootTimeline,
  before: BootTimeline | null,
  { ready, readyDeadlineSeconds, bootDetail }: MachineSpec,
): string[] {
  const news = (one: BootTimeline | null): string[] => {
    if (one === null) return [];
    const over = one.reached === 'ready' || one.conditions.includes('deadline');
    const unplaced = bootDetail && over && one.kernelClockMs === null;
    return [
      ...(one.conditions.includes('deadline')
        ? [
            `Not ready within ${readyDeadlineSeconds} s: ${signInWords(ready)}. What was seen of the boot is kept.`,
          ]
        : []),
      ...(unplaced
        ? [
            'The kernel’s own log has no place in the timeline: where the guest’s clock started is not known.',
          ]
        : []),
    ];
  };
  const told = news(before);
  return news(boot).filter((message) => !told.includes(message));
}

function signInWords(sign: ReadySign): string {
  switch (sign.kind) {
    case 'automatic':
      return 'the guest’s agent did not say so';
    case 'console':
      return `“${sign.text}” was not on the console`;
    case 'port':
      return `nothing listened at the guest’s TCP port ${sign.port}`;
    case 'marker':
      return `no line “nandu: mark ${sign.name}” was on the console`;
  }
}

/** The last lines, from a little before a panic's own words on where there are such. */
export function aroundPanic(lines: readonly string[]): string[] {
  const at = lines.findLastIndex((line) => line.includes('Kernel panic - not syncing'));
  return at < 0 ? lines.slice(-20) : lines.slice(Math.max(0, at - 5), at + 35);
}
