/**
 * Lets the network room speak to a QEMU through its monitor.
 * Decides nothing about ports itself.
 */
import { RunningForwards, SlirpApi, type HumanMonitor } from '../network/index.ts';
import type { QmpSession } from '../qmp/index.ts';

const deadlineMs = 5_000;

/** @param fenceSocket of the run's slirp4netns; null where the network is not fenced in. */
export function forwardsOf(qmp: QmpSession, fenceSocket: string | null): RunningForwards {
  return new RunningForwards(
    humanMonitor(qmp),
    fenceSocket === null ? null : new SlirpApi(fenceSocket),
  );
}

export function humanMonitor(qmp: QmpSession): HumanMonitor {
  return (line) => qmp.execute('human-monitor-command', { 'command-line': line }, { deadlineMs });
}
