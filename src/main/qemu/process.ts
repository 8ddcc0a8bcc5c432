/**
 * Starts QEMU processes and watches those that an earlier Nandu started.
 * Never signals a process that is not proved to be the one it started.
 */
import { spawn } from 'node:child_process';
import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { Duplex } from 'node:stream';
import { AppError } from '../../shared/index.ts';
import { identifyProcess, isAlive, isSuspended, type ProcessIdentity } from '../host/index.ts';

/** How a process ended; both null when nobody saw it (an adopted process is not our child). */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that is supervised, whether it is our child or adopted. */
export interface QemuProcess extends ProcessIdentity {
  /** Resolves once, when the process is gone; never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Whether a signal has stopped it, so that it does nothing at all. */
  readonly suspended: boolean;
  /** Does nothing when the process is gone. */
  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGCONT'): void;
}

/** What a process passes through before it becomes QEMU, keeping its pid. */
export interface Enclosure {
  /** The words that become the command, program first; they close every descriptor above 3. */
  wrap(argv: readonly string[]): readonly string[];
  /** The other end of the process's descriptor 3, which it closes before it becomes QEMU. */
  attach(channel: Duplex): void;
}

const adoptedPollMs = 250;

/**
 * Starts QEMU in a process group of its own with its output in a file, so that it outlives the app.
 * @param argv program first.
 * @param logPath QEMU's own messages, appended.
 * @param enclosure null for a process that is QEMU at once.
 * @throws AppError `qemu_missing`, `permission_denied`, `qemu_failed`.
 */
export async function spawnQemu(
  argv: readonly string[],
  logPath: string,
  enclosure: Enclosure | null = null,
): Promise<QemuProcess> {
  const [program, ...args] = argv;
  if (program === undefined) throw new AppError('internal', 'The command line is empty.');
  const log = openSync(logPath, 'a', 0o600);
  try {
    await assertExecutable(program);
    const [launcher = program, ...words] =
      enclosure === null ? withoutInheritance(program, args) : enclosure.wrap(argv);
    const child = spawn(launcher, words, {
      detached: true,
      stdio: ['ignore', log, log, ...(enclosure === null ? [] : ['pipe' as const])],
    });
    const channel = child.stdio[3];
    if (channel instanceof Duplex) enclosure?.attach(channel);
    const exited = new Promise<ProcessExit>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    const pid = child.pid;
    if (pid === undefined) throw new AppError('qemu_failed', 'QEMU started without a process id.');
    child.unref();
    let gone = false;
    void exited.then(() => (gone = true));
    const startTicks = identifyProcess(pid)?.startTicks ?? 0;
    // Until its exit is collected a child's pid cannot be reused, so it is safe to signal.
    return {
      ...{ pid, startTicks, exited },
      get suspended() {
        return !gone && isSuspended({ pid, startTicks });
      },
      kill: (signal) => void (gone || child.kill(signal)),
    };
  } catch (error) {
    throw asLaunchError(error, argv);
  } finally {
    closeSync(log);
  }
}

/** What spawn itself would say: bash would only exit with 126. @throws the system's error. */
async function assertExecutable(program: string): Promise<void> {
  await access(program, constants.X_OK);
  if ((await stat(program)).isFile()) return;
  throw Object.assign(new Error(`${program} is not a file`), { code: 'EACCES' });
}

/**
 * Chromium opens its files without O_CLOEXEC, and Node closes nothing for a child: a machine that outlives the
 * app would hold the app's profile, shared memory and pipes open, and be able to use them.
 * @returns a command whose process becomes the program, with its standard descriptors alone.
 */
function withoutInheritance(program: string, args: readonly string[]): string[] {
  const bash = ['/bin/bash', '/usr/bin/bash'].find((path) => existsSync(path));
  // Only bash closes descriptors above 9. Without it a machine works all the same.
  if (bash === undefined) return [program, ...args];
  // -p: no start-up file of the person's environment (BASH_ENV) has a say.
  return [bash, '-p', '-c', closeAllAndBecome, program, ...args];
}

const closeAllAndBecome =
  'for f in /proc/$$/fd/*; do n=${f##*/}; [ "$n" -le 2 ] || eval "exec $n>&-"; done; exec "$0" "$@"';

/**
 * Watches a process that an earlier Nandu started. The caller has proved that it is ours.
 * @param signal ends the watching, not the process.
 */
export function watchProcess(identity: ProcessIdentity, signal: AbortSignal): QemuProcess {
  const exited = new Promise<ProcessExit>((resolve) => {
    const timer = setInterval(() => {
      if (isAlive(identity)) return;
      clearInterval(timer);
      resolve({ code: null, signal: null });
    }, adoptedPollMs);
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  });
  return {
    ...identity,
    exited,
    get suspended() {
      return isSuspended(identity);
    },
    kill(name) {
      if (isAlive(identity)) process.kill(identity.pid, name);
    },
  };
}

function asLaunchError(error: unknown, argv: readonly string[]): AppError {
  if (error instanceof AppError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  const details = { argv };
  if (code === 'ENOENT') {
    return new AppError('qemu_missing', `QEMU is no longer at “${argv[0]}”. Install it again.`, {
      cause: error,
      details,
    });
  }
  if (code === 'EACCES') {
    return new AppError('permission_denied', `“${argv[0]}” may not be executed by you.`, {
      cause: error,
      details,
    });
  }
  return new AppError('qemu_failed', `QEMU could not be started: ${(error as Error).message}`, {
    cause: error,
    details,
  });
}
