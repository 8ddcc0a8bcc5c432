/** Reads what a port of this computer says. */
import { createConnection } from 'node:net';

/**
 * @param word said first, where there is one.
 * @returns what came until the other end hung up; or the system's word, as in `ECONNREFUSED`.
 */
export function readPort(
  port: number,
  host = '127.0.0.1',
  timeoutMs = 4_000,
  word = '',
): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: timeoutMs });
    if (word !== '') socket.write(word);
    let text = '';
    let failure = '';
    socket.setEncoding('utf8').on('data', (more: string) => (text += more));
    socket.once('timeout', () => socket.destroy());
    socket.once('error', (error: NodeJS.ErrnoException) => (failure = error.code ?? 'error'));
    socket.once('close', () => resolve(failure === '' ? text.trim() : failure));
  });
}
