/**
 * Checks a definition against this host before anything is created or started.
 * Every complaint names the field at fault; it changes nothing.
 */
import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import {
  AppError,
  type ErrorCode,
  type GuestKernel,
  type MachineSpec,
} from '../../shared/index.ts';
import { inspectKernel } from '../images/index.ts';

/** The files that a definition comes down to. */
export interface BootFiles {
  readonly kernelPath: string;
  readonly initrdPath: string | null;
}

/**
 * @param host memory and kernels as they are now.
 * @returns the files to boot.
 * @throws AppError with `details.field`: `invalid_input`, `not_enough_memory`, `kernel_missing`,
 *   `kernel_unreadable`, `not_a_kernel`, `initrd_missing`, `initrd_unreadable`, `guest_missing`.
 */
export async function checkSpec(
  spec: MachineSpec,
  host: {
    readonly memoryMiB: number;
    readonly defaultKernel: GuestKernel | null;
    readonly fastKernel: GuestKernel | null;
  },
): Promise<BootFiles> {
  if (spec.memoryMiB > host.memoryMiB) {
    throw fieldError(
      'not_enough_memory',
      'memoryMiB',
      `This computer has ${host.memoryMiB} MiB of memory in all; give the machine less than that.`,
    );
  }
  const own = spec.kernel.kind === 'fast' ? host.fastKernel : host.defaultKernel;
  return {
    kernelPath: await kernelFile(spec, own),
    initrdPath: await initrdFile(spec, own),
  };
}

async function kernelFile(spec: MachineSpec, own: GuestKernel | null): Promise<string> {
  if (spec.kernel.kind !== 'file') {
    if (own === null) throw guestMissing('kernel', spec);
    return own.kernelPath;
  }
  const { path } = spec.kernel;
  try {
    await inspectKernel(path);
    return path;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError(error.code, error.message, {
      cause: error,
      details: { ...error.details, field: 'kernel' },
    });
  }
}

async function initrdFile(spec: MachineSpec, own: GuestKernel | null): Promise<string | null> {
  const { initrd } = spec;
  if (initrd.kind === 'none') return null;
  if (initrd.kind === 'default') {
    if (own === null) throw guestMissing('initrd', spec);
    return own.initrdPath;
  }
  await readableFile(initrd.path);
  return initrd.path;
}

async function readableFile(path: string): Promise<void> {
  try {
    if (!(await stat(path)).isFile()) {
      throw fieldError('initrd_unreadable', 'initrd', `“${path}” is not a file.`);
    }
    await access(path, constants.R_OK);
    const file = await open(path, 'r');
    try {
      const { bytesRead } = await file.read(new Uint8Array(1), 0, 1, 0);
      if (bytesRead === 0) throw fieldError('initrd_unreadable', 'initrd', `“${path}” is empty.`);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    throw code === 'ENOENT' || code === 'ENOTDIR'
      ? fieldError('initrd_missing', 'initrd', `There is no file “${path}”.`)
      : fieldError('initrd_unreadable', 'initrd', `“${path}” cannot be read (${code ?? 'error'}).`);
  }
}

function guestMissing(field: 'kernel' | 'initrd', { kernel }: MachineSpec): AppError {
  if (kernel.kind === 'fast') {
    return fieldError(
      'guest_missing',
      field,
      'Nandu’s fast kernel is not there. Run “npm run guest:kernel” (some minutes, once), or choose another kernel.',
    );
  }
  return fieldError(
    'guest_missing',
    field,
    'Nandu’s own guest kernel is not there. Run “npm run setup”, or pick a kernel and an initrd file.',
  );
}

function fieldError(code: ErrorCode, field: keyof MachineSpec, message: string): AppError {
  return new AppError(code, message, { details: { field } });
}
