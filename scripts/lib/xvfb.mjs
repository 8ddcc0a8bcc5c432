/** Runs something with a display of its own, which exists only that long. */
import { spawn } from 'node:child_process';
import { SetupFailure } from './failure.mjs';

const START_DEADLINE_MS = 15_000;
const STOP_DEADLINE_MS = 5000;

/**
 * Starts Xvfb on a free display and passes its name, as in ":99".
 * @template T
 * @param {(display: string) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withVirtualDisplay(work) {
  // -displayfd makes the server pick the number itself and tell it once it accepts clients.
  const server = spawn(
    'Xvfb',
    ['-displayfd', '3', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp'],
    {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      detached: true, // Ctrl+C shall end the app first, then the display under it
    },
  );
  const ended = new Promise((resolve) => server.once('close', resolve));
  const killOnExit = () => void server.kill('SIGKILL');
  process.once('exit', killOnExit);
  try {
    return await work(`:${await readDisplay(server)}`);
  } finally {
    server.kill('SIGTERM');
    const timer = setTimeout(() => server.kill('SIGKILL'), STOP_DEADLINE_MS);
    if (server.pid !== undefined) await ended;
    clearTimeout(timer);
    process.off('exit', killOnExit);
  }
}

/**
 * @template T
 * @param {number} count at least 1
 * @param {(displays: string[]) => Promise<T>} work
 * @returns {Promise<T>}
 */
export function withVirtualDisplays(count, work) {
  return withVirtualDisplay((display) =>
    count > 1
      ? withVirtualDisplays(count - 1, (others) => work([display, ...others]))
      : work([display]),
  );
}

/** True where a window can be shown on the user's own display. */
export function hasDisplay(environment = process.env) {
  return Boolean(environment.DISPLAY || environment.WAYLAND_DISPLAY);
}

/**
 * @param {import('node:child_process').ChildProcess} server
 * @returns {Promise<string>}
 */
function readDisplay(server) {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(
      () => reject(new SetupFailure('Xvfb did not start within 15 s.')),
      START_DEADLINE_MS,
    );
    const settle = (/** @type {() => void} */ action) => {
      clearTimeout(timer);
      action();
    };
    server.once('error', (error) =>
      settle(() => reject(new SetupFailure(`Xvfb cannot be started: ${error.message}`))),
    );
    server.once('close', (code) =>
      settle(() => reject(new SetupFailure(`Xvfb ended at once (code ${code}).`))),
    );
    server.stdio[3]?.on('data', (chunk) => {
      text += chunk;
      const number = /^(\d+)\n/.exec(text)?.[1];
      if (number) settle(() => resolve(number));
    });
  });
}
