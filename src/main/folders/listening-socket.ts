/**
 * Makes a listening Unix socket that a child can be handed, so that its clients need not wait for the child.
 * Must never leave the socket's name to Node, which would remove it when this end is closed.
 */
import { rename, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';

/** A socket that listens, and that only the child answers on. */
export interface ListeningSocket {
  /** For a child's `stdio`, as 0, 1 or 2: only those libuv makes blocking again, which virtiofsd relies on. */
  readonly descriptor: number;
  /** Closes this end. The child's stays, and so does the name. */
  close(): void;
}

/**
 * @param path where clients find it; at most as long as the name that is used meanwhile, `PATH.n`, allows.
 * @throws SystemError.
 */
export async function listenAt(path: string): Promise<ListeningSocket> {
  const temporary = `${path}.n`;
  await rm(temporary, { force: true });
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve).once('error', reject);
    server.listen(temporary);
  });
  try {
    await rename(temporary, path);
    return { descriptor: descriptorOf(server), close: () => void server.close() };
  } catch (error) {
    server.close();
    throw error;
  }
}

/** Node has no public name for it. @throws Error where it is not where it was in Node 20 to 24. */
function descriptorOf(server: Server): number {
  const { _handle: handle } = server as Server & { _handle?: { fd?: unknown } };
  if (typeof handle?.fd === 'number' && handle.fd > 2) return handle.fd;
  throw new Error('This Node does not tell a socket’s descriptor.');
}
