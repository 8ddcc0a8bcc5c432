import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryDirectory } from '../../../test/support/folders.ts';
import { writeCpio } from './cpio.ts';
import { canMountVirtiofs } from './virtiofs-kernel.ts';

let folder: string;
beforeEach(() => (folder = temporaryDirectory()));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const modules = (path: string, before = 0): Buffer =>
  writeCpio([
    { type: 'file', path: 'pad', data: Buffer.alloc(before) },
    { type: 'file', path, data: Buffer.from('module') },
  ]);

it.each<[string, boolean, string | null, Buffer | null]>([
  ['built in', true, 'CONFIG_VIRTIO_FS=y\n', null],
  ['a module without its initrd', false, 'CONFIG_VIRTIO_FS=m\n', null],
  ['a module in its initrd', true, 'CONFIG_VIRTIO_FS=m\n', modules('lib/fs/fuse/virtiofs.ko')],
  ['a module, whatever the configuration says', true, null, modules('lib/fs/virtiofs.ko')],
  ['a name across two pieces', true, null, modules('lib/virtiofs.ko', 4 * 1024 * 1024 - 240)],
  ['left out', false, '# CONFIG_VIRTIO_FS is not set\n', modules('lib/fs/9p.ko')],
  ['another name', false, 'CONFIG_VIRTIO_FS_X=y\n', modules('lib/fs/virtiofs.kox')],
  ['nothing known', false, null, null],
])('knows %s', async (_name, expected, config, initrd) => {
  expect(
    await canMountVirtiofs({
      configPath: config === null ? null : file('config', config),
      modulesPath: initrd === null ? null : file('initrd', initrd),
    }),
  ).toBe(expected);
});

it('takes files that are not there for no', async () => {
  const absent = join(folder, 'absent');
  expect(await canMountVirtiofs({ configPath: absent, modulesPath: absent })).toBe(false);
});
