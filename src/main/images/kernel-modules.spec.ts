import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  collectModules,
  formatModulesAlias,
  formatModulesBuiltin,
  formatModulesDep,
  parseModinfo,
} from './kernel-modules.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nandu-modules-'));
  await writeFile(join(folder, 'modules.builtin'), 'kernel/lib/crc.ko\nkernel/drivers/unused.ko\n');
  await add('kernel/drivers/virtio/virtio_ring.ko', moduleFile(['depends=']));
  await add('kernel/drivers/virtio/virtio.ko', moduleFile(['depends=virtio_ring,crc']));
  await add(
    'kernel/drivers/char/virtio-rng.ko.gz',
    gzipSync(moduleFile(['depends=virtio', 'alias=virtio:d00000004v*'])),
  );
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function add(path: string, content: Buffer): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

/** An ELF file with the two sections `.modinfo` and the section names. */
function moduleFile(fields: readonly string[]): Buffer {
  const info = Buffer.from(fields.map((field) => `${field}\0`).join(''));
  const names = Buffer.from('\0.modinfo\0.shstrtab\0');
  const header = Buffer.alloc(64);
  header.write('\x7fELF\x02\x01\x01', 'latin1');
  header.writeUInt16LE(62, 18);
  header.writeBigUInt64LE(BigInt(64 + info.length + names.length), 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(3, 60);
  header.writeUInt16LE(2, 62);
  const section = (nameOffset: number, offset: number, size: number): Buffer => {
    const bytes = Buffer.alloc(64);
    bytes.writeUInt32LE(nameOffset, 0);
    bytes.writeBigUInt64LE(BigInt(offset), 24);
    bytes.writeBigUInt64LE(BigInt(size), 32);
    return bytes;
  };
  const sections = [
    section(0, 0, 0),
    section(1, 64, info.length),
    section(10, 64 + info.length, names.length),
  ];
  return Buffer.concat([header, info, names, ...sections]);
}

describe('collectModules', () => {
  it('takes what a module needs before it, unpacked, and names what is built in', async () => {
    const { modules, builtin } = await collectModules(folder, ['virtio_rng']);
    expect(formatModulesDep(modules)).toBe(
      [
        'kernel/drivers/virtio/virtio_ring.ko:',
        'kernel/drivers/virtio/virtio.ko: kernel/drivers/virtio/virtio_ring.ko',
        'kernel/drivers/char/virtio-rng.ko: kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko',
        '',
      ].join('\n'),
    );
    expect(formatModulesAlias(modules)).toBe('alias virtio:d00000004v* virtio_rng\n');
    expect(formatModulesBuiltin(builtin)).toBe('kernel/lib/crc.ko\n');
  });

  it('does without an optional module, but not without a required one', async () => {
    expect((await collectModules(folder, [], { optional: ['9p'] })).modules).toEqual([]);
    await expect(collectModules(folder, ['9p'])).rejects.toMatchObject({
      code: 'kernel_missing',
      details: { module: '9p' },
    });
  });

  it('names the module that lacks a dependency', async () => {
    await add('kernel/fs/9p.ko', moduleFile(['depends=9pnet']));
    await expect(collectModules(folder, ['9p'])).rejects.toThrow('no module 9pnet, which 9p needs');
  });

  it('refuses a damaged module', async () => {
    await add('kernel/fs/9p.ko', Buffer.from('not an ELF file'));
    await expect(collectModules(folder, ['9p'])).rejects.toMatchObject({
      code: 'kernel_unreadable',
    });
  });
});

it('reads no section that lies beyond the end of the file', () => {
  const whole = moduleFile(['depends=a']);
  for (let length = 0; length < whole.length; length += 7)
    expect(parseModinfo(whole.subarray(0, length))).toBeNull();
});
