/**
 * Finds out whether a port of this computer is free, and who has one that is not.
 * Holds a port no longer than it takes to see; it never ends who has one.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { PortForward } from '../../shared/index.ts';
import { parseSockets } from './proc-net.ts';

/** Another program that has a port. */
export interface PortHolder {
  readonly pid: number;
  /** As the kernel has it, at most 15 characters (proc(5), comm). */
  readonly name: string;
}

/**
 * Opens the port and closes it again.
 * @returns null when it is free, otherwise the system's word: EADDRINUSE, EACCES, EADDRNOTAVAIL.
 */
export async function tryPort({
  protocol,
  hostAddress,
  hostPort,
}: PortForward): Promise<string | null> {
  try {
    if (protocol === 'tcp') {
      const server = createServer();
      server.listen({ host: hostAddress, port: hostPort, exclusive: true });
      await once(server, 'listening');
      server.close();
      await once(server, 'close');
    } else {
      // Not “reuse”: two that both ask for it would share the port, and each get some of what comes.
      const socket = createSocket('udp4');
      socket.bind({ address: hostAddress, port: hostPort, exclusive: true });
      await once(socket, 'listening');
      socket.close();
      await once(socket, 'close');
    }
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'error';
  }
}

/** Who has the port; null when that is somebody else's process, which /proc does not show. */
export async function findHolder(forward: PortForward): Promise<PortHolder | null> {
  const { protocol } = forward;
  const sockets = await Promise.all(
    [protocol, `${protocol}6`].map(async (table) =>
      parseSockets(await readFile(`/proc/net/${table}`, 'latin1').catch(() => ''), protocol),
    ),
  );
  const inodes = sockets
    .flat()
    .filter(
      ({ port, address }) => port === forward.hostPort && overlaps(address, forward.hostAddress),
    )
    .map(({ inode }) => `socket:[${inode}]`);
  if (inodes.length === 0) return null;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    if (!(await holdsOne(pid, inodes))) continue;
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    return { pid: Number(pid), name: name.trim() };
  }
  return null;
}

const overlaps = (a: string, b: string): boolean => a === b || a === '0.0.0.0' || b === '0.0.0.0';

async function holdsOne(pid: string, inodes: readonly string[]): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []); // gone, or not ours to look at
  const links = await Promise.all(
    names.map((name) => readlink(`${folder}/${name}`).catch(() => '')),
  );
  return links.some((link) => inodes.includes(link));
}
