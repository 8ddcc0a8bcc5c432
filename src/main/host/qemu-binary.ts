/**
 * Finds the QEMU to use and asks it for its version.
 * Never starts a machine: what a binary can do beyond that is for the qemu room to find out.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { AppError } from '../../shared/index.ts';

const run = promisify(execFile);
const versionDeadlineMs = 10_000;

/** A usable QEMU system emulator. */
export interface QemuBinary {
  readonly path: string;
  /** As QEMU prints it, for example "7.2.22". */
  readonly version: string;
  /** Changes whenever the file does; part of cache keys. */
  readonly fingerprint: string;
}

const installHint =
  'Install it (Debian and Ubuntu: “apt install qemu-system-x86”; Fedora: “dnf install qemu-system-x86-core”; ' +
  'Arch: “pacman -S qemu-system-x86”) and press Check again.';

/**
 * Looks at `NANDU_QEMU`, then along `PATH` for qemu-system-x86_64.
 * @throws AppError `qemu_missing` when there is none, `qemu_failed` when it does not answer.
 */
export async function findQemu(env: NodeJS.ProcessEnv): Promise<QemuBinary> {
  return inspectQemu(await locate(env));
}

/**
 * Asks the binary at `path` for its version.
 * @throws AppError `qemu_missing`, `qemu_failed` when it does not answer as QEMU does.
 */
export async function inspectQemu(path: string): Promise<QemuBinary> {
  if (!(await isExecutable(path))) {
    throw new AppError('qemu_missing', `“${path}” is not an executable file.`, {
      details: { path },
    });
  }
  const { size, mtimeMs } = await stat(path);
  let output: string;
  try {
    ({ stdout: output } = await run(path, ['--version'], {
      timeout: versionDeadlineMs,
      maxBuffer: 64 * 1024,
    }));
  } catch (cause) {
    throw new AppError(
      'qemu_failed',
      `“${path} --version” failed: ${(cause as Error).message.split('\n')[0]}. Is QEMU installed completely?`,
      { cause, details: { path } },
    );
  }
  const version = /QEMU emulator version (\d+\.\d+\.\d+)/.exec(output)?.[1];
  if (version === undefined) {
    throw new AppError('qemu_failed', `“${path}” does not say that it is QEMU.`, {
      details: { path, output: output.slice(0, 500) },
    });
  }
  return { path, version, fingerprint: `${path}:${version}:${size}:${Math.trunc(mtimeMs)}` };
}

async function locate(env: NodeJS.ProcessEnv): Promise<string> {
  const chosen = env['NANDU_QEMU'];
  if (chosen !== undefined && chosen !== '') {
    if (isAbsolute(chosen) && (await isExecutable(chosen))) return chosen;
    throw new AppError(
      'qemu_missing',
      `NANDU_QEMU names “${chosen}”, which is not an executable file with an absolute path.`,
      { details: { path: chosen } },
    );
  }
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter(isAbsolute)) {
    const path = join(folder, 'qemu-system-x86_64');
    if (await isExecutable(path)) return path;
  }
  throw new AppError('qemu_missing', `QEMU (qemu-system-x86_64) was not found. ${installHint}`);
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false; // missing or not ours to run: not a candidate
  }
}
