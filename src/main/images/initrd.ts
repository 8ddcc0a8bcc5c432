/**
 * Builds the user land of the base initrd every machine boots: static busybox and Nandu's init.
 * The same inputs give the same bytes; what differs per machine is appended to it as one more archive.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { AppError } from '../../shared/index.ts';
import { withFolders, writeCpio, type CpioEntry } from './cpio.ts';
import { EM_X86_64, needsInterpreter, parseElfHeader } from './elf.ts';

/** What goes into the user land of an initrd. */
export interface UserlandSources {
  /** a statically linked busybox */
  busyboxPath: string;
  /** /init, statically linked */
  initPath: string;
  /** the script behind poweroff, reboot and halt */
  powerPath: string;
  /** the script udhcpc runs when it got an address */
  udhcpcPath: string;
  /** PID 1 of machines that run a container, statically linked */
  agentPath: string;
}

const FOLDERS = [
  'bin',
  'dev',
  'etc',
  'lib',
  'mnt',
  'proc',
  'root',
  'run',
  'sbin',
  'sys',
  'tmp',
  'usr',
  'var',
];
const runProgram = promisify(execFile);

/**
 * The part of an initrd that is the same for every kernel. Append it to {@link buildModulesArchive}'s.
 *
 * @returns an uncompressed newc archive: unpacking a compressed one costs an emulated guest more than reading it
 * @throws AppError `tool_missing` without a static busybox
 */
export async function buildUserlandArchive(sources: UserlandSources): Promise<Buffer> {
  const busybox = await readStaticBusybox(sources.busyboxPath);
  const init = await readFile(sources.initPath);
  const agent = await readFile(sources.agentPath);
  const power = await readFile(sources.powerPath);
  const applets = (await listApplets(sources.busyboxPath)).filter(
    (path) => !/^(?:.*\/)?(?:poweroff|reboot|halt)$/.test(path),
  );
  return writeCpio(
    withFolders([
      ...FOLDERS.map((path): CpioEntry => ({
        type: 'directory',
        path,
        mode: path === 'tmp' ? 0o1777 : 0o755,
      })),
      { type: 'character', path: 'dev/console', major: 5, minor: 1 },
      { type: 'character', path: 'dev/null', major: 1, minor: 3, mode: 0o666 },
      { type: 'file', path: 'init', mode: 0o755, data: init },
      { type: 'file', path: 'bin/busybox', mode: 0o755, data: busybox },
      { type: 'file', path: 'sbin/nandu-agent', mode: 0o755, data: agent },
      ...['poweroff', 'reboot', 'halt'].map((name): CpioEntry => ({
        ...{ type: 'file', path: `sbin/${name}`, mode: 0o755, data: power },
      })),
      ...applets.map((path): CpioEntry => ({ type: 'symlink', path, target: '/bin/busybox' })),
      ...configuration(),
      {
        type: 'file',
        path: 'etc/udhcpc/default.script',
        mode: 0o755,
        data: await readFile(sources.udhcpcPath),
      },
    ]),
  );
}

function configuration(): CpioEntry[] {
  const files: Record<string, string> = {
    'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
    'etc/group': 'root:x:0:\n',
    // Debian's busybox runs its own applets before anything on PATH, but functions before those.
    'etc/profile': ['poweroff', 'reboot', 'halt']
      .map((name) => `${name}() { /sbin/${name}; }\n`)
      .join(''),
    'etc/hosts': '127.0.0.1 localhost\n::1 localhost\n',
  };
  return Object.entries(files).map(([path, data]) => ({ type: 'file', path, data }));
}

async function readStaticBusybox(path: string): Promise<Buffer> {
  let busybox: Buffer;
  try {
    busybox = await readFile(path);
  } catch (cause) {
    throw noBusybox(path, 'it cannot be read', cause);
  }
  const header = parseElfHeader(busybox);
  const readAt = (offset: number, length: number): Promise<Buffer> =>
    Promise.resolve(busybox.subarray(offset, offset + length));
  if (header?.machine !== EM_X86_64) throw noBusybox(path, 'it is no program for x86-64');
  if (await needsInterpreter(readAt, header)) throw noBusybox(path, 'it is not statically linked');
  return busybox;
}

async function listApplets(path: string): Promise<string[]> {
  const { stdout } = await runProgram(path, ['--list-full'], { timeout: 10_000 });
  const applets = stdout
    .split('\n')
    .filter((line) => /^[\w./[-]+$/.test(line) && !line.endsWith('busybox'));
  const required = ['bin/sh', 'sbin/modprobe', 'sbin/poweroff'];
  const absent = required.filter(
    (applet) => !applets.some((one) => one.endsWith(`/${applet.split('/').at(-1) ?? ''}`)),
  );
  if (absent.length > 0) throw noBusybox(path, `it lacks ${absent.join(', ')}`);
  return applets.filter((applet) => applet !== 'init' && applet !== 'linuxrc');
}

function noBusybox(path: string, reason: string, cause?: unknown): AppError {
  return new AppError(
    'tool_missing',
    `No usable busybox at ${path}: ${reason}. Install the package "busybox-static" (on Fedora and Arch "busybox").`,
    { cause, details: { tool: 'busybox', path, reason } },
  );
}
