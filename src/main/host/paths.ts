/**
 * Where Nandu keeps things, after the XDG Base Directory Specification.
 * Decides names and says whether a folder is private; it creates nothing.
 */
import { lstatSync, statSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { AppError, type RunId } from '../../shared/index.ts';

/** Linux's `sun_path` holds 108 bytes, one of them the closing NUL (unix(7)). */
export const maxSocketPathBytes = 107;

/** All folders of one installation. */
export interface Paths {
  /** Definitions and history: the database. */
  readonly data: string;
  /** Logs of runs. */
  readonly state: string;
  /** Sockets and launch records of what runs now; gone after a reboot. */
  readonly runtime: string;
  /** What set-up prepared: guest kernels. May be deleted and made again at any time. */
  readonly guest: string;
  readonly database: string;
  /** Container images: read-only roots, shared by all machines. */
  readonly images: string;
  /** What machines keep of what they wrote, a disk each. */
  readonly machineDisks: string;
}

/** The files of one run. */
export interface RunFiles {
  /** Mode 0700; removed when the run has ended. */
  readonly runDirectory: string;
  readonly qmpSocket: string;
  readonly consoleSocket: string;
  readonly agentSocket: string;
  /** Where the guest's init sends the kernel's log, where that is wanted. */
  readonly bootLogSocket: string;
  readonly launchRecord: string;
  /** The guest's memory, for machines that keep it in a file. */
  readonly memoryFile: string;
  /** Of a fenced network: slirp4netns's API, the rules, a folder with its resolv.conf, and the FIFO that lasts as long as QEMU. */
  readonly fenceSocket: string;
  readonly fenceRules: string;
  readonly fenceEtc: string;
  readonly fenceLifeline: string;
  /** Where QEMU connects to passt. */
  readonly passtSocket: string;
  /** Kept after the run, with the logs below. */
  readonly logDirectory: string;
  readonly consoleLog: string;
  /** What ttyS0 printed where the live console is another one. */
  readonly serialLog: string;
  readonly qemuLog: string;
  readonly traceLog: string;
  /** What slirp4netns said. */
  readonly fenceLog: string;
  /** What passt said, and what it says when it does not start. */
  readonly passtLog: string;
  readonly networkLog: string;
  /** What the servers of shared folders said. */
  readonly foldersLog: string;
}

/**
 * @param env `NANDU_DATA_DIR` puts everything under one folder, except for the guest kernels, which are
 *   shared; `NANDU_CACHE_DIR` moves those. XDG variables that are not absolute are ignored, as the
 *   specification demands.
 * @throws AppError `invalid_input` when a NANDU variable is not an absolute path.
 */
export function resolvePaths(env: NodeJS.ProcessEnv, home = homedir()): Paths {
  const own = (name: string): string | undefined => {
    const value = env[name];
    if (value === undefined || value === '') return undefined;
    if (isAbsolute(value)) return value;
    throw new AppError('invalid_input', `${name} must be an absolute path, not “${value}”.`);
  };
  const xdg = (name: string, fallback: string): string => {
    const value = env[name];
    return join(value !== undefined && isAbsolute(value) ? value : fallback, 'nandu');
  };
  const all = own('NANDU_DATA_DIR');
  const guest = join(
    own('NANDU_CACHE_DIR') ?? xdg('XDG_CACHE_HOME', join(home, '.cache')),
    'guest',
  );
  const inData = (data: string): Pick<Paths, 'data' | 'database' | 'images' | 'machineDisks'> => ({
    ...{ data, database: join(data, 'nandu.db') },
    ...{ images: join(data, 'images'), machineDisks: join(data, 'disks') },
  });
  if (all !== undefined) {
    return {
      ...inData(join(all, 'data')),
      state: join(all, 'state'),
      runtime: join(all, 'run'),
      guest,
    };
  }
  return {
    ...inData(xdg('XDG_DATA_HOME', join(home, '.local/share'))),
    state: xdg('XDG_STATE_HOME', join(home, '.local/state')),
    // Without a session's runtime folder (su, ssh without PAM) a private one in /tmp has to do.
    runtime: xdg('XDG_RUNTIME_DIR', join(tmpdir(), `nandu-${userInfo().uid}`)),
    guest,
  };
}

/**
 * Whoever can write into Nandu's folders can make it do things, so they must be this user's alone.
 * @throws AppError `permission_denied` when the folder is somebody else's or others may write to it.
 */
export function assertPrivate(folder: string): void {
  const { uid, mode } = statSync(folder);
  const me = userInfo().uid;
  // Also where a link leads there: whoever owns that can let it lead elsewhere tomorrow.
  if (uid !== me || lstatSync(folder).uid !== me || (mode & 0o022) !== 0) {
    throw new AppError(
      'permission_denied',
      `“${folder}” is not yours alone: it must belong to you, and nobody else may write to it (chmod go-w). ` +
        'Set NANDU_DATA_DIR to another folder if that cannot be.',
      { details: { path: folder } },
    );
  }
}

/**
 * The files of a run; names only.
 * @throws AppError `socket_path_too_long`.
 */
export function runFiles(paths: Paths, runId: RunId): RunFiles {
  const runDirectory = join(paths.runtime, runId);
  const logDirectory = join(paths.state, 'runs', runId);
  const files: RunFiles = {
    runDirectory,
    qmpSocket: join(runDirectory, 'qmp.sock'),
    consoleSocket: join(runDirectory, 'console.sock'),
    agentSocket: join(runDirectory, 'agent.sock'),
    bootLogSocket: join(runDirectory, 'log.sock'),
    launchRecord: join(runDirectory, 'launch.json'),
    memoryFile: join(runDirectory, 'memory'),
    fenceSocket: join(runDirectory, 'fence.sock'),
    fenceRules: join(runDirectory, 'fence.nft'),
    fenceEtc: join(runDirectory, 'etc'),
    fenceLifeline: join(runDirectory, 'lifeline'),
    passtSocket: join(runDirectory, 'net.sock'),
    logDirectory,
    consoleLog: join(logDirectory, 'console.log'),
    serialLog: join(logDirectory, 'serial.log'),
    qemuLog: join(logDirectory, 'qemu.log'),
    traceLog: join(logDirectory, 'trace.log'),
    fenceLog: join(logDirectory, 'fence.log'),
    passtLog: join(logDirectory, 'passt.log'),
    networkLog: join(logDirectory, 'network.log'),
    foldersLog: join(logDirectory, 'folders.log'),
  };
  const longest = Buffer.byteLength(files.consoleSocket);
  if (longest > maxSocketPathBytes) {
    throw new AppError(
      'socket_path_too_long',
      `The path of a machine's sockets would be ${longest} bytes long, but Linux allows ${maxSocketPathBytes}. ` +
        `Choose a shorter folder: it now begins with “${paths.runtime}” (set by NANDU_DATA_DIR or XDG_RUNTIME_DIR).`,
      { details: { path: files.consoleSocket, bytes: longest, maxBytes: maxSocketPathBytes } },
    );
  }
  return files;
}

/** Where the server of a run's shared folder listens; shorter than the longest of {@link RunFiles}. */
export function folderSocket(
  { runDirectory }: Pick<RunFiles, 'runDirectory'>,
  index: number,
): string {
  return join(runDirectory, `f${index}.sock`);
}
