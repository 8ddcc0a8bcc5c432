/**
 * Asks a vhost-user server the first question that QEMU asks, to see whether it serves.
 * Must never leave a connection behind: servers of one guest end when it is closed.
 */
import { createConnection } from 'node:net';

/** VHOST_USER_GET_FEATURES, version 1, no payload (QEMU docs/interop/vhost-user.rst). */
const question = Buffer.from([1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
/** The same with the reply's flag, eight bytes of features after it. */
const answerStart = Buffer.from([1, 0, 0, 0, 5, 0, 0, 0, 8, 0, 0, 0]);
const answerBytes = answerStart.byteLength + 8;

/** @returns whether it answered as such a server does, before the signal or its end. */
export function answersVhostUser(path: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    let heard = Buffer.alloc(0);
    const end = (answered: boolean): void => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve(answered);
    };
    const abort = (): void => end(false);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) return abort();
    socket.once('connect', () => socket.write(question));
    socket.on('data', (data: Buffer) => {
      heard = Buffer.concat([heard, data]);
      if (heard.byteLength < answerBytes) return;
      end(heard.subarray(0, answerStart.byteLength).equals(answerStart));
    });
    socket.once('error', () => end(false)).once('close', () => end(false));
  });
}
