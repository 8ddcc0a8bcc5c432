/** Reads what a port of this computer says first. */
import { createConnection } from 'node:net';

/** @returns what came until the other end hung up; or the system's word, as in `ECONNREFUSED`. */
export function readPort(port: number, host = '127.0.0.1', timeoutMs = 4_000): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: timeoutMs });
    let text = '';
    let failure = '';
    socket.setEncoding('utf8').on('data', (more: string) => (text += more));
    socket.once('timeout', () => socket.destroy());
    socket.once('error', (error: NodeJS.ErrnoException) => (failure = error.code ?? 'error'));
    socket.once('close', () => resolve(failure === '' ? text.trim() : failure));
  });
}
