import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  loadGuestKernels,
  type GuestManifest,
  type GuestManifestKernel,
} from './guest-manifest.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nandu-guest-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function kernel(id: string): GuestManifestKernel {
  const part = (name: string): { file: string; sha256: string; sizeBytes: number } => ({
    file: `${name}-${id}`,
    sha256: 'a'.repeat(64),
    sizeBytes: 4,
  });
  return {
    id,
    title: `Test ${id}`,
    release: id,
    source: 'test',
    vmlinux: part('vmlinux'),
    bzImage: part('vmlinuz'),
    config: null,
    modules: part('modules'),
    initrd: part('initrd'),
  };
}

async function write(manifest: Partial<GuestManifest>): Promise<void> {
  const complete = {
    formatVersion: 1,
    default: 'two',
    recipe: { modules: 'm', userland: 'u' },
    ...manifest,
  };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(complete));
  for (const { vmlinux, bzImage, initrd, modules } of manifest.kernels ?? []) {
    for (const { file } of [vmlinux, bzImage, initrd, modules])
      await writeFile(join(folder, file), 'four');
  }
}

it('lists the kernels with absolute paths, the default one first', async () => {
  await write({ kernels: [kernel('one'), kernel('two')] });
  const kernels = await loadGuestKernels(folder);
  expect(kernels.map(({ id, isDefault }) => [id, isDefault])).toEqual([
    ['two', true],
    ['one', false],
  ]);
  expect(kernels[0]).toMatchObject({ vmlinuxPath: join(folder, 'vmlinux-two'), configPath: null });
});

it('says so when set-up has not run', async () => {
  await expect(loadGuestKernels(folder)).rejects.toMatchObject({ code: 'guest_missing' });
});

it.each([
  [
    'names a file outside the folder',
    { kernels: [{ ...kernel('two'), initrd: { ...kernel('two').initrd, file: '../x' } }] },
  ],
  ['has a default that is not there', { default: 'three', kernels: [kernel('two')] }],
  ['lists no kernel', { kernels: [] }],
])('refuses a manifest that %s', async (_, manifest) => {
  await write(manifest);
  await expect(loadGuestKernels(folder)).rejects.toMatchObject({ code: 'guest_missing' });
});

it('notices a file of another size', async () => {
  await write({ kernels: [kernel('two')] });
  await writeFile(join(folder, 'initrd-two'), 'longer');
  await expect(loadGuestKernels(folder)).rejects.toMatchObject({ code: 'guest_missing' });
});
