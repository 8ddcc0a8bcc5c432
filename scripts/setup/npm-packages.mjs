/** Set-up step: the packages of package-lock.json, and with them the Node everything else runs on. */
import { existsSync } from 'node:fs';
import { rm, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { readJsonOrNull } from '../lib/files.mjs';
import { SetupFailure } from '../lib/failure.mjs';
import { modulesFolder, projectNode, projectRoot } from '../lib/paths.mjs';
import { capture, mustRun, runVisibly } from '../lib/run.mjs';

const REQUIRED_NODE_MAJOR = 24;

/**
 * Runs `npm ci` unless what is installed is what the lock file says.
 * @param {import('../lib/steps.mjs').Steps} steps
 */
export async function ensureNpmPackages(steps) {
  const lock = readJsonOrNull(join(projectRoot, 'package-lock.json'));
  if (!lock)
    throw new SetupFailure(
      'package-lock.json is missing or damaged. Restore it: git checkout package-lock.json',
    );
  // npm keeps a list of what it installed beside it; comparing the two is cheaper than asking npm.
  const installed = readJsonOrNull(join(modulesFolder, '.package-lock.json'));
  if (!isSameTree(lock, installed)) {
    await steps.during('Installing npm packages (npm ci)', async () => {
      const code = await runVisibly(
        'npm',
        ['ci', '--no-fund', '--no-audit', '--loglevel=error', '--ignore-scripts'],
        { cwd: projectRoot },
      );
      if (code !== 0)
        throw new SetupFailure(
          `npm ci failed with code ${code} (see above). Is the registry reachable?`,
        );
    });
  }
  if (!existsSync(projectNode)) await ensureProjectNode(steps);
}

/**
 * @param {{ packages?: Record<string, LockEntry> }} lock
 * @param {{ packages?: Record<string, LockEntry> } | null} installed
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean, peer?: boolean }} LockEntry
 */
export function isSameTree(lock, installed) {
  const wanted = lock.packages ?? {};
  const present = installed?.packages;
  if (!present) return false;
  const isSame = (/** @type {LockEntry | undefined} */ a, /** @type {LockEntry | undefined} */ b) =>
    a?.version === b?.version && a?.integrity === b?.integrity;
  const nothingMissing = Object.entries(wanted).every(
    ([path, entry]) =>
      path === '' ||
      isSame(present[path], entry) ||
      (!present[path] && (entry.optional ?? entry.devOptional ?? false)),
  );
  return (
    nothingMissing && Object.entries(present).every(([path, entry]) => isSame(wanted[path], entry))
  );
}

/**
 * The `node` package places its program by an install script. It is the only one that is needed, so no other runs;
 * above all not the compiling of better-sqlite3, whose package brings finished bindings.
 * @param {import('../lib/steps.mjs').Steps} steps
 */
async function ensureProjectNode(steps) {
  if ((await projectNodeMajor()) === REQUIRED_NODE_MAJOR) return;
  steps.say(`Placing Node ${REQUIRED_NODE_MAJOR} in node_modules …`);
  const folder = join(modulesFolder, 'node');
  await mustRun(
    `Placing Node ${REQUIRED_NODE_MAJOR}`,
    process.execPath,
    ['installArchSpecificPackage.js'],
    { cwd: folder },
  );
  // npm links programs while it installs; then this one was not there yet.
  await rm(projectNode, { force: true });
  await symlink(relative(dirname(projectNode), join(folder, 'bin', 'node')), projectNode);
  const major = await projectNodeMajor();
  if (major !== REQUIRED_NODE_MAJOR) {
    throw new SetupFailure(
      `node_modules/.bin/node is ${major === null ? 'missing' : `Node ${major}`}, but Node ${REQUIRED_NODE_MAJOR} is needed. Remove node_modules and try again.`,
    );
  }
}

async function projectNodeMajor() {
  const { code, stdout } = await capture(projectNode, ['--version']);
  const major = /^v(\d+)\./.exec(stdout)?.[1];
  return code === 0 && major ? Number(major) : null;
}
