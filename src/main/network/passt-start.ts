/**
 * Starts a passt on QEMU's connection with the ports and the resolver that it is to have, and tells in the window's
 * words why it did not. Must never keep a connection that no passt serves.
 */
import { readFile } from 'node:fs/promises';
import { AppError, type PortForward } from '../../shared/index.ts';
import type { ProcessIdentity, RunFiles } from '../host/index.ts';
import { startPasst, type PasstSocket } from './passt-process.ts';
import { firstResolver, secondOfPort } from './passt-words.ts';

/** What {@link startOn} needs beside what it is to have. */
export interface PasstSources {
  readonly files: Pick<RunFiles, 'passtSocket' | 'passtLog' | 'networkLog'>;
  /** The program for the next one; null where none is to be had now. */
  readonly program: () => Promise<string | null>;
}

/** @throws AppError `port_taken`, `network_unavailable`. */
export async function startOn(
  socket: PasstSocket,
  { files, program }: PasstSources,
  forwards: readonly PortForward[],
  resolver: string | null,
  signal: AbortSignal,
): Promise<ProcessIdentity> {
  try {
    const path = await program();
    if (path === null) throw new Error('it is not there any more');
    const connection = await socket.connected(signal);
    const setting = { forwards, resolver, logPath: files.passtLog };
    return await startPasst(path, connection, setting, files.networkLog);
  } catch (error) {
    const taken = takenPort(error, forwards);
    if (taken instanceof AppError) throw taken;
    throw new AppError('network_unavailable', `passt did not start: ${(error as Error).message}`, {
      cause: error,
      details: { field: 'network' },
    });
  }
}

/**
 * passt's “Failed to bind port 8080 (Address already in use) for option …”, as the other presets say it; or, as older
 * ones have it, “Failed to bind any port for '-t 127.0.0.1/8080:80', exiting”.
 */
function takenPort(error: unknown, forwards: readonly PortForward[]): unknown {
  const port = /\bbind (?:port |any port\b.*?\/)(\d+)/.exec((error as Error).message)?.[1];
  if (port === undefined || error instanceof AppError) return error;
  const forward = forwards.find(({ hostPort }) => hostPort === Number(port)) ?? forwards[0];
  if (forward === undefined) return error;
  return new AppError(
    'port_taken',
    `Port ${forward.hostPort} of ${forward.hostAddress} could not be opened. Choose another.`,
    { cause: error, details: { field: 'portForwards', forward } },
  );
}

/** @throws AppError `port_taken`. */
export function assertEachPortOnce(forwards: readonly PortForward[]): void {
  const index = secondOfPort(forwards);
  if (index < 0) return;
  throw new AppError(
    'port_taken',
    'passt, which serves this machine, opens a port at one address only. Stop the machine, and add both then.',
    { details: { field: `portForwards.${index}` } },
  );
}

/** The one that this computer asks now; null where IPv4 reaches none. */
export async function currentResolver(): Promise<string | null> {
  return firstResolver(await readFile('/etc/resolv.conf', 'utf8').catch(() => ''));
}
