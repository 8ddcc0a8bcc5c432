/**
 * One virtiofsd: a process that serves one folder to one QEMU and ends with it, also without Nandu.
 * Must never run as more than the person, nor outlast a start that failed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { AppError } from '../../shared/index.ts';
import { identifyProcess, isAlive, type ProcessIdentity } from '../host/index.ts';
import { listenAt } from './listening-socket.ts';
import { serverCommand, serverScriptWords, type FolderProgram } from './server-script.ts';

/** Some 20 ms; a swapping host takes far longer. */
const readyDeadlineMs = 15_000;

/** A folder, and where QEMU finds its server. */
export interface ServedFolder {
  /** Absolute and without links in it. */
  readonly path: string;
  readonly readOnly: boolean;
  readonly socketPath: string;
}

/** A server on its way or at work. */
export class FolderServer {
  readonly folder: ServedFolder;
  readonly identity: ProcessIdentity;
  /** Resolves once, when the process is gone; never rejects. */
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  readonly #channel: Duplex;

  private constructor(folder: ServedFolder, child: ChildProcess, identity: ProcessIdentity) {
    this.folder = folder;
    this.identity = identity;
    this.#child = child;
    this.#channel = child.stdio[3] as Duplex;
    this.exited = exitOf(child);
  }

  /**
   * Starts it up to where it needs no more than the word to go on; its socket takes connections by then.
   * @param logPath what it says, appended.
   * @throws AppError `folder_unavailable`, `cancelled`.
   */
  static async start(
    program: FolderProgram,
    folder: ServedFolder,
    logPath: string,
    signal: AbortSignal,
  ): Promise<FolderServer> {
    let server: FolderServer | null = null;
    try {
      const child = await spawnServer(program, folder, logPath);
      const identity = child.pid === undefined ? null : identifyProcess(child.pid);
      if (identity === null) throw new Error('it ended at once');
      server = new FolderServer(folder, child, identity);
      await server.#ready(AbortSignal.any([signal, AbortSignal.timeout(readyDeadlineMs)]));
      return server;
    } catch (error) {
      await server?.kill();
      if (signal.aborted) throw new AppError('cancelled', 'The start was called off.');
      throw unavailable(folder, (error as Error).message, error);
    }
  }

  /** From here on it lives as long as the QEMU that connects to it. */
  go(): void {
    this.#channel.end(`${serverScriptWords.go}\n`);
  }

  /** Ends it at once, whatever it is at. */
  async kill(): Promise<void> {
    this.#channel.destroy();
    this.#child.ref(); // so that its end is waited for, also by a process that has nothing else to do
    killServer(this.identity);
    await this.exited;
  }

  async #ready(signal: AbortSignal): Promise<void> {
    const line = await firstLine(this.#channel, signal);
    if (line === serverScriptWords.ready) return;
    const step = line.replace(`${serverScriptWords.failed} `, '');
    throw new Error(line === '' ? 'it ended early' : `the step “${step}” failed`);
  }
}

/** Ends an earlier server, if this very process lives. Its second process ends with the first (prctl(2)). */
export function killServer(identity: ProcessIdentity): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, 'SIGKILL');
  } catch {
    // It has ended since, which is what was wanted.
  }
}

/** Why a folder cannot be shared by virtiofs now, and what to do. */
function unavailable(folder: ServedFolder, why: string, cause: unknown): AppError {
  return new AppError(
    'folder_unavailable',
    `The folder “${folder.path}” could not be shared by virtiofs: ${why}. Nandu’s settings have 9p for shared folders, which needs less.`,
    { cause, details: { field: 'container.folders', path: folder.path } },
  );
}

async function spawnServer(
  program: FolderProgram,
  folder: ServedFolder,
  logPath: string,
): Promise<ChildProcess> {
  const person = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const [launcher = '', ...words] = serverCommand(program, folder, person);
  const socket = await listenAt(folder.socketPath);
  const log = openSync(logPath, 'a', 0o600);
  try {
    const child = spawn(launcher, words, {
      detached: true,
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
      stdio: [socket.descriptor, log, log, 'pipe'],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve).once('error', reject);
    });
    child.unref();
    return child;
  } finally {
    // The child alone has it now: when it ends, nobody's connection can wait for an answer.
    socket.close();
    closeSync(log);
  }
}

function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** Without its end; empty where there comes none. */
function firstLine(channel: Duplex, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const end = (): void => resolve('');
    const abort = (): void => reject(new Error('it took too long'));
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    channel.setEncoding('utf8');
    channel.on('data', (piece: string) => {
      text = (text + piece).slice(0, 200);
      const [line, rest] = text.split('\n', 2);
      if (rest !== undefined) resolve(line ?? '');
    });
    channel.once('end', end).once('close', end).on('error', end);
  });
}
