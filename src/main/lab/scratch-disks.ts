/**
 * Throw-away disks for a lab's boots: a qcow2 over each image that the machine may write, so that the guest finds its
 * disk writable and the image stays as it is. Must never write to an image.
 */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AppError, type Disk } from '../../shared/index.ts';

const run = promisify(execFile);
const deadlineMs = 30_000;

/**
 * @param disks as the machine has them; those that it only reads stay as they are.
 * @param folder goes with all in it when the boot is over.
 * @throws AppError `tool_missing`, `disk_full`, `file_unreadable`.
 */
export async function makeScratchDisks(disks: readonly Disk[], folder: string): Promise<Disk[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return Promise.all(
    disks.map(async (disk, index): Promise<Disk> => {
      if (disk.readOnly) return disk;
      const path = join(folder, `disk${index}.qcow2`);
      await makeOverlay(disk, path);
      return { ...disk, path, format: 'qcow2' };
    }),
  );
}

async function makeOverlay({ path: image, format }: Disk, path: string): Promise<void> {
  const argv = ['create', '-q', '-f', 'qcow2', '-F', format, '-b', image, path];
  try {
    await run('qemu-img', argv, { timeout: deadlineMs, env: { ...process.env, LC_ALL: 'C' } });
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === 'ENOENT') {
      throw new AppError(
        'tool_missing',
        'A throw-away disk over an image needs qemu-img, which is not installed: install the package “qemu-utils” or “qemu-img”. Or attach the disk read-only.',
        { cause: error, details: { tool: 'qemu-img' } },
      );
    }
    const said = (stderr ?? '').trim();
    if (/No space left|quota/i.test(said)) {
      throw new AppError('disk_full', `The disk is full: “${path}” could not be made.`, {
        cause: error,
      });
    }
    throw new AppError(
      'file_unreadable',
      `No throw-away disk could be made over “${image}”. ${said.replace(/^qemu-img: /, '')}`.trim(),
      { cause: error, details: { path: image } },
    );
  }
}
