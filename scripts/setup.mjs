/**
 * Prepares everything Nandu needs: system packages, npm packages, Electron, the guest. Safe to run any time;
 * what is there already is left alone.
 *
 * Usage: npm run setup [-- --retry-electron]
 */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SetupFailure, runMain } from './lib/failure.mjs';
import { Steps } from './lib/steps.mjs';
import { hasDisplay } from './lib/xvfb.mjs';
import { ensureElectron } from './setup/electron.mjs';
import { ensureGuest } from './setup/guest.mjs';
import { ensureNpmPackages } from './setup/npm-packages.mjs';
import { ensureSystemPackages } from './setup/system-packages.mjs';

const OLDEST_NODE_MAJOR = 20;

/**
 * @param {{ withVirtualDisplay?: boolean, withImageTools?: boolean, withKernelTools?: boolean, withBenchTools?: boolean, retryDownload?: boolean }} [options]
 * @throws SetupFailure with a message that says what to do
 */
export async function setUp({
  withVirtualDisplay = !hasDisplay(),
  withImageTools = false,
  withKernelTools = false,
  withBenchTools = false,
  retryDownload = false,
} = {}) {
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE_MAJOR) {
    throw new SetupFailure(
      `Node ${OLDEST_NODE_MAJOR} or newer is needed; this is ${process.version}.`,
    );
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupFailure(
      `Nandu runs on Linux on 64-bit x86 processors; this is ${process.platform} on ${process.arch}.`,
    );
  }
  const steps = new Steps();
  /** @type {import('./setup/distributions.mjs').PackageGroup[]} */
  const groups = ['base'];
  if (withVirtualDisplay) groups.push('display');
  if (withImageTools) groups.push('images');
  if (withImageTools && process.env.CI) groups.push('registry');
  if (withKernelTools) groups.push('kernel');
  if (withBenchTools) groups.push('bench');
  await ensureSystemPackages(groups, steps);
  await ensureNpmPackages(steps);
  await ensureElectron(steps, { retryDownload });
  await ensureGuest(steps);
  return steps;
}

async function main() {
  const argv = process.argv.slice(2);
  const unknown = argv.filter((argument) => argument !== '--retry-electron');
  if (unknown.length > 0)
    throw new SetupFailure(
      `Unknown option ${unknown[0]}. Usage: npm run setup [-- --retry-electron]`,
    );
  const steps = await setUp({ retryDownload: argv.includes('--retry-electron') });
  steps.say('Everything is ready. Start Nandu with: npm start');
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url))
  await runMain(main);
