/**
 * Exchanges what is behind a running guest's network device: a passt, or QEMU's own network.
 * Must never be asked for both at once; the old one has to be taken away first, for its ports.
 */
import type { PortForward } from '../../shared/index.ts';
import type { ProcessIdentity } from '../host/index.ts';
import { PasstSocket, untilPasstIsGone } from './passt-process.ts';
import { startOn, type PasstSources } from './passt-start.ts';
import { RunningForwards, type HumanMonitor } from './running-forwards.ts';

/** What QEMU is told about what is behind the guest's device. Each fails where QEMU does not do it. */
export interface NetworkMonitor {
  readonly human: HumanMonitor;
  /** Takes away what there is; nothing is also well. */
  detach(): Promise<void>;
  /** Connects to a passt that is about to serve. */
  attachPasst(socketPath: string): Promise<void>;
  /** QEMU's own network, without a port. */
  attachOwn(): Promise<void>;
  /**
   * Sends something in the guest's name. passt learns the guest's address from what it sends: until then whoever
   * connects to a forwarded port is taken in and left waiting. And a device that waited for what is gone by now goes
   * on, which it does not by itself (net/queue.c; net/hub.c wakes nobody when a port comes).
   */
  announce(): Promise<void>;
  /** Whether QEMU goes on, and so does the need for a network. */
  goesOn(): Promise<boolean>;
}

/** @param passt the one that serves now; it is gone afterwards, and its ports are free. */
export async function takeAway(
  monitor: NetworkMonitor,
  passt: ProcessIdentity | null,
): Promise<void> {
  await monitor.detach();
  if (passt !== null) await untilPasstIsGone(passt);
}

/** @returns the passt that serves now. @throws AppError as {@link startOn}; then nothing serves. */
export async function putPasst(
  monitor: NetworkMonitor,
  sources: PasstSources,
  forwards: readonly PortForward[],
  resolver: string | null,
): Promise<ProcessIdentity> {
  const { passtSocket } = sources.files;
  const socket = await PasstSocket.listen(passtSocket);
  try {
    await monitor.attachPasst(passtSocket);
    return await startOn(socket, sources, forwards, resolver, AbortSignal.timeout(15_000));
  } finally {
    socket.close();
  }
}

/** @returns those of the ports that could be opened: others may have taken some meanwhile. */
export async function putOwn(
  monitor: NetworkMonitor,
  forwards: readonly PortForward[],
): Promise<PortForward[]> {
  await monitor.attachOwn();
  const own = new RunningForwards(monitor.human, null);
  const opened: PortForward[] = [];
  for (const forward of forwards) {
    await own.change([], [forward]).then(
      () => opened.push(forward),
      () => undefined,
    );
  }
  return opened;
}
