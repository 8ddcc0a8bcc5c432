/**
 * Finds the two firmware builds for microvm among the files that were installed with a QEMU.
 * Never trusts a name: on Debian 12 QEMU's own “bios-microvm.bin” is a link to qboot.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Paths of the files; null where there is none. */
export interface FirmwareFiles {
  readonly qboot: string | null;
  readonly seabios: string | null;
}

/** Real ones have 64 and 128 KiB. */
const maxBytes = 16 * 1024 * 1024;
/** SeaBIOS has its name in its banner (src/output.c, "SeaBIOS (version"), qboot has not. */
const banner = 'SeaBIOS';

/**
 * Looks through folders, the earlier ones first.
 * @param folders absolute; those that cannot be read hold nothing.
 */
export async function findFirmware(folders: readonly string[]): Promise<FirmwareFiles> {
  const [qboot, seabios] = await Promise.all([
    first(folders, 'qboot.rom', (content) => !content.includes(banner)),
    first(folders, 'bios-microvm.bin', (content) => content.includes(banner)),
  ]);
  return { qboot, seabios };
}

async function first(
  folders: readonly string[],
  name: string,
  isIt: (content: Buffer) => boolean,
): Promise<string | null> {
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      const { size } = await stat(path);
      if (size > 0 && size <= maxBytes && isIt(await readFile(path))) return path;
    } catch {
      // Not there, or not ours to read: no use to QEMU either.
    }
  }
  return null;
}
