/**
 * Lets the network room exchange what is behind a guest's network device, through QEMU's monitor.
 * Decides nothing about networks itself.
 */
import { netdevId, passtHub, type NetworkMonitor } from '../network/index.ts';
import type { QmpSession } from '../qmp/index.ts';
import { humanMonitor } from './forwards-of.ts';

const options = { deadlineMs: 5_000 };

/**
 * @param qmp the monitor as it is now. @throws AppError when there is none.
 * @param goesOn as {@link NetworkMonitor.goesOn}.
 */
export function networkMonitor(
  qmp: () => QmpSession,
  goesOn: NetworkMonitor['goesOn'],
): NetworkMonitor {
  const { id: hubid, passtSide } = passtHub;
  const add = async (network: { type: string } & Record<string, unknown>): Promise<void> => {
    await qmp().execute('netdev_add', { ...network, id: netdevId }, options);
    const port = { type: 'hubport', id: passtSide, hubid, netdev: netdevId };
    await qmp().execute('netdev_add', port, options);
  };
  const remove = async (id: string): Promise<void> => {
    await qmp()
      .execute('netdev_del', { id }, options)
      .catch((error: unknown) => {
        if (!isNotThere(error)) throw error;
      });
  };
  return {
    human: (line) => humanMonitor(qmp())(line),
    async detach() {
      await remove(passtSide);
      await remove(netdevId);
    },
    attachPasst: (path) => add({ type: 'stream', server: false, addr: { type: 'unix', path } }),
    attachOwn: () => add({ type: 'user', ipv6: false }),
    goesOn,
    announce: () =>
      qmp().execute('announce-self', { initial: 50, max: 50, rounds: 2, step: 0 }, options),
  };
}

function isNotThere(error: unknown): boolean {
  return (error as { details?: Record<string, unknown> }).details?.['class'] === 'DeviceNotFound';
}
