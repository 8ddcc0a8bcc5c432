/**
 * What a run's kernel and initrd were, told by what changes when a file is put in another's place.
 * Reads no content: it is asked before every start.
 */
import { stat } from 'node:fs/promises';
import type { BootFileStamp, BootFileStamps } from '../../shared/index.ts';
import type { BootFiles } from './spec-check.ts';

/** @returns null where one of them cannot be looked at: the start will say why. */
export async function stampBootFiles({
  kernelPath,
  initrdPath,
}: BootFiles): Promise<BootFileStamps | null> {
  try {
    const [kernel, initrd] = await Promise.all([
      stampOf(kernelPath),
      initrdPath === null ? null : stampOf(initrdPath),
    ]);
    return { kernel, initrd };
  } catch {
    return null; // gone since the definition was checked
  }
}

async function stampOf(path: string): Promise<BootFileStamp> {
  const { size, mtimeMs } = await stat(path);
  return { bytes: size, modifiedAtMs: mtimeMs };
}
