/**
 * The rungs of the ladder that ends a machine: its guest is asked, then QEMU, then its process is told and at last killed.
 * Only what each does; climbing them is `qemu/stop-ladder`'s.
 */
import type { Activity, StopDeadlines } from '../../shared/index.ts';
import type { AgentLink } from '../agent/index.ts';
import type { QemuProcess, Rung } from '../qemu/index.ts';
import type { QmpSession } from '../qmp/index.ts';

/** SIGKILL cannot be refused; a host that swaps still needs a while for it. */
export const killMs = 5_000;
/** A container's command is killed so long before the guest's time is over: the rest it needs to power off. */
const powerOffMs = 1_500;
const shortestGraceMs = 250;

/** What can be asked to end. */
export interface Stoppable {
  readonly process: QemuProcess;
  /** Null where QEMU cannot be asked. */
  readonly qmp: QmpSession | null;
  readonly agent: AgentLink | null;
  /** A halted guest hears nothing. */
  readonly guestHears: boolean;
}

/** In the order in which they are climbed. */
export function stopRungs(
  { process, qmp, agent, guestHears }: Stoppable,
  deadlines: StopDeadlines,
): Rung<Activity>[] {
  const rungs: Rung<Activity>[] = [];
  if (qmp !== null && guestHears) {
    rungs.push({
      name: 'asking-guest',
      deadlineMs: deadlines.askGuestMs,
      act: async () => {
        // One that still boots hears neither now, but its agent as soon as it greets.
        const present = agent?.present === true;
        agent?.powerOff(Math.max(shortestGraceMs, deadlines.askGuestMs - powerOffMs));
        if (!present) await qmp.execute('system_powerdown', undefined, {});
      },
    });
  }
  if (qmp !== null) {
    rungs.push({
      name: 'ending-qemu',
      deadlineMs: deadlines.quitMs,
      act: () =>
        qmp.execute('quit', undefined, { deadlineMs: deadlines.quitMs }).then(() => undefined),
    });
  }
  rungs.push(
    {
      name: 'terminating',
      deadlineMs: deadlines.terminateMs,
      act: () => process.kill('SIGTERM'),
    },
    { name: 'killing', deadlineMs: killMs, act: () => process.kill('SIGKILL') },
  );
  return rungs;
}
