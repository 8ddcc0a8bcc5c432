import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../../../test/support/folders.ts';
import { findFirmware } from './firmware-files.ts';

it('is not taken in by Debian 12’s bios-microvm.bin, a link to qboot', async () => {
  const folder = temporaryDirectory();
  try {
    const [qemu, seabios] = [join(folder, 'qemu'), join(folder, 'seabios')];
    for (const path of [qemu, seabios]) mkdirSync(path);
    writeFileSync(join(qemu, 'qboot.rom'), Buffer.alloc(65_536));
    symlinkSync('qboot.rom', join(qemu, 'bios-microvm.bin'));
    expect(await findFirmware([qemu])).toEqual({ qboot: join(qemu, 'qboot.rom'), seabios: null });

    writeFileSync(join(seabios, 'bios-microvm.bin'), '\0SeaBIOS (version %s)\n\0');
    expect(await findFirmware([join(folder, 'missing'), qemu, seabios])).toEqual({
      qboot: join(qemu, 'qboot.rom'),
      seabios: join(seabios, 'bios-microvm.bin'),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('finds nothing in folders, empty files and dangling links', async () => {
  const folder = temporaryDirectory();
  try {
    mkdirSync(join(folder, 'qboot.rom'));
    symlinkSync('nowhere', join(folder, 'bios-microvm.bin'));
    expect(await findFirmware([folder])).toEqual({ qboot: null, seabios: null });
    rmSync(join(folder, 'qboot.rom'), { recursive: true });
    writeFileSync(join(folder, 'qboot.rom'), '');
    expect(await findFirmware([folder, ''])).toEqual({ qboot: null, seabios: null });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
