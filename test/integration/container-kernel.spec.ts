/** Containers on kernels that lack something: each says what, and the machine ends. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { resolvePaths } from '../../src/main/host/index.ts';
import { guestManifestSchema, writeCpio } from '../../src/main/images/index.ts';
import { ContainerScene } from '../support/containers.ts';
import { temporaryDirectory } from '../support/folders.ts';

const scenes: ContainerScene[] = [];
afterAll(async () => {
  for (const scene of scenes) await scene.services.close();
}, 60_000);

/** A cache whose kernel's initrd does not have the module: a later archive takes it out of the list of modules. */
function cacheWithout(module: string): string {
  const { guest } = resolvePaths(process.env, homedir());
  const manifest = guestManifestSchema.parse(
    JSON.parse(readFileSync(join(guest, 'manifest.json'), 'utf8')),
  );
  const cache = temporaryDirectory();
  const folder = join(cache, 'guest');
  mkdirSync(folder);
  for (const { file } of [manifest.userland, manifest.tscRate]) {
    symlinkSync(join(guest, file), join(folder, file));
  }
  const kernels = manifest.kernels.map((kernel) => {
    for (const file of [kernel.vmlinux, kernel.bzImage, kernel.config, kernel.modules]) {
      if (file !== null) symlinkSync(join(guest, file.file), join(folder, file.file));
    }
    const list = `lib/modules/${kernel.release}/modules.dep`;
    const modules = execFileSync('busybox', ['cpio', '-i', '--to-stdout', list], {
      input: readFileSync(join(guest, kernel.modules.file)),
      stdio: ['pipe', 'pipe', 'ignore'],
      encoding: 'utf8',
    });
    const fewer = modules
      .split('\n')
      .filter((line) => !line.includes(`/${module}.ko`))
      .join('\n');
    expect(fewer).not.toBe(modules);
    const initrd = Buffer.concat([
      readFileSync(join(guest, kernel.initrd.file)),
      writeCpio([{ type: 'file', path: list, data: fewer }]),
    ]);
    const sha256 = createHash('sha256').update(initrd).digest('hex');
    const file = `initrd-${sha256.slice(0, 12)}`;
    writeFileSync(join(folder, file), initrd);
    return {
      ...kernel,
      initrd: { file, sha256, sizeBytes: statSync(join(folder, file)).size },
    };
  });
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ ...manifest, kernels }));
  return cache;
}

it.each<[string, RegExp, string?, Record<string, string>?]>([
  ['squashfs', /has no squashfs.*CONFIG_SQUASHFS/, 'kernel'],
  ['overlay', /no overlay file system.*CONFIG_OVERLAY_FS/, 'kernel'],
  ['9p', /no 9p file system/, 'container.folders', { NANDU_VIRTIOFSD: '' }],
  ['virtiofs', /no virtiofs\. Choose 9p/, 'container.folders'],
  ['virtio_blk', /without having run its command/],
])(
  'without %s a container does not start, and says why',
  async (module, message, field, env = {}) => {
    const scene = await ContainerScene.open({
      env: { NANDU_CACHE_DIR: cacheWithout(module), ...env },
    });
    scenes.push(scene);
    const folders = [{ hostPath: temporaryDirectory(), guestPath: '/data', readOnly: true }];
    const { view, text } = await scene.run(await scene.image('plain'), 'echo ran', { folders });
    expect(view).toMatchObject({
      state: 'crashed',
      run: { end: { kind: 'command-failed', expected: false } },
      problem: { code: 'command_failed' },
    });
    expect(view.problem?.message).toMatch(message);
    expect(view.problem?.details['field']).toBe(field);
    expect(text).toContain('nandu: the ');
    expect(text).not.toContain('\nran');
  },
);
