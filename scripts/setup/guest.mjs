/** Set-up step: kernel and initrd for guests. Decides whether there is work; guest.ts does it. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { hashContent, readJsonOrNull, sizeOrNull } from '../lib/files.mjs';
import { SetupFailure } from '../lib/failure.mjs';
import { withLock } from '../lib/lock.mjs';
import { guestFolder, projectNode, projectRoot } from '../lib/paths.mjs';
import { runVisibly } from '../lib/run.mjs';

const IMAGES = 'src/main/images';

/** @param {import('../lib/steps.mjs').Steps} steps */
export async function ensureGuest(steps) {
  const recipe = currentRecipe();
  if (isPrepared(recipe)) return;
  const onWait = () => steps.say('Waiting for another set-up that prepares the guest …');
  await withLock(`${guestFolder()}.lock`, { onWait }, async () => {
    if (isPrepared(recipe)) return;
    steps.say('Preparing the guest kernel and initrd …');
    const argv = [
      join(projectRoot, 'scripts', 'setup', 'guest.ts'),
      guestFolder(),
      recipe.modules,
      recipe.userland,
    ];
    const code = await runVisibly(projectNode, argv);
    if (code !== 0) throw new SetupFailure('The guest kernel could not be prepared (see above).');
  });
}

/** Checksums of everything the guest's files are made by. */
function currentRecipe() {
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].map((path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats ? `${stats.size} ${stats.mtimeMs}` : 'absent';
  });
  return {
    modules: hashContent(projectRoot, [
      `${IMAGES}/modules-archive.ts`,
      `${IMAGES}/kernel-modules.ts`,
    ]),
    userland: hashContent(
      projectRoot,
      [
        ...['resources/guest', 'resources/host', 'scripts/setup/compile-static.ts'],
        ...[`${IMAGES}/initrd.ts`, `${IMAGES}/cpio.ts`],
      ],
      busybox,
    ),
  };
}

/** @param {{ modules: string, userland: string }} recipe */
function isPrepared(recipe) {
  const manifest = readJsonOrNull(join(guestFolder(), 'manifest.json'));
  if (manifest?.recipe?.modules !== recipe.modules || manifest.recipe.userland !== recipe.userland)
    return false;
  const isThere = (/** @type {{ file: string, sizeBytes: number } | null | undefined} */ listed) =>
    listed && sizeOrNull(join(guestFolder(), listed.file)) === listed.sizeBytes;
  if (!isThere(manifest.userland) || !isThere(manifest.tscRate)) return false;
  return manifest.kernels.every((/** @type {Record<string, any>} */ kernel) =>
    [kernel.vmlinux, kernel.bzImage, kernel.config, kernel.modules, kernel.initrd]
      .filter(Boolean)
      .every(isThere),
  );
}
