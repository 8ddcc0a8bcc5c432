import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  FAST_KERNEL_FILE,
  loadGuestFiles,
  type GuestFile,
  type GuestManifest,
  type GuestManifestKernel,
} from './guest-manifest.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nandu-guest-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function file(name: string): GuestFile {
  return { file: name, sha256: 'a'.repeat(64), sizeBytes: 4 };
}

function kernel(id: string): GuestManifestKernel {
  const part = (name: string): GuestFile => file(`${name}-${id}`);
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
    formatVersion: 2,
    userland: file('userland'),
    tscRate: file('tsc-rate'),
    default: 'two',
    recipe: { modules: 'm', userland: 'u' },
    ...manifest,
  };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(complete));
  for (const { file: name } of [complete.userland, complete.tscRate])
    await writeFile(join(folder, name), 'four');
  for (const { vmlinux, bzImage, initrd, modules } of manifest.kernels ?? []) {
    for (const { file } of [vmlinux, bzImage, initrd, modules])
      await writeFile(join(folder, file), 'four');
  }
}

it('lists the kernels with absolute paths, the default one first', async () => {
  await write({ kernels: [kernel('one'), kernel('two')] });
  const { kernels, fast, tscRatePath } = await loadGuestFiles(folder);
  expect(kernels.map(({ id }) => id)).toEqual(['two', 'one']);
  expect(fast).toBeNull();
  expect(tscRatePath).toBe(join(folder, 'tsc-rate'));
  expect(kernels[0]).toMatchObject({ vmlinuxPath: join(folder, 'vmlinux-two'), configPath: null });
});

it('says so when set-up has not run', async () => {
  await expect(loadGuestFiles(folder)).rejects.toMatchObject({ code: 'guest_missing' });
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
  await expect(loadGuestFiles(folder)).rejects.toMatchObject({ code: 'guest_missing' });
});

it('notices a file of another size', async () => {
  await write({ kernels: [kernel('two')] });
  await writeFile(join(folder, 'initrd-two'), 'longer');
  await expect(loadGuestFiles(folder)).rejects.toMatchObject({ code: 'guest_missing' });
});

it('offers the fast kernel with the initrd that has no modules, unless one of its files is damaged', async () => {
  await write({ kernels: [kernel('two')] });
  const { title, release, source, vmlinux, bzImage } = kernel('fast');
  const made = { title, release, source, vmlinux, bzImage, config: file('config-fast') };
  const listed = { ...made, formatVersion: 1, recipe: 'r' };
  await writeFile(join(folder, FAST_KERNEL_FILE), JSON.stringify(listed));
  for (const name of ['vmlinux-fast', 'vmlinuz-fast', 'config-fast'])
    await writeFile(join(folder, name), 'four');
  expect((await loadGuestFiles(folder)).fast).toEqual({
    ...{ id: 'fast', title: 'Test fast', release: 'fast', source: 'test' },
    vmlinuxPath: join(folder, 'vmlinux-fast'),
    bzImagePath: join(folder, 'vmlinuz-fast'),
    configPath: join(folder, 'config-fast'),
    initrdPath: join(folder, 'userland'),
  });
  await writeFile(join(folder, 'vmlinux-fast'), 'longer');
  expect((await loadGuestFiles(folder)).fast).toBeNull();
});
