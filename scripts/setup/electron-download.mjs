/** The real Electron, downloaded by its own installer. An offline machine shall learn that within seconds. */
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { modulesFolder, projectNode } from '../lib/paths.mjs';
import { capture } from '../lib/run.mjs';

const PROBE_DEADLINE_MS = 5000;
const DOWNLOAD_DEADLINE_MS = 15 * 60_000;
const RELEASE_PAGE = 'https://github.com/electron/electron/releases/';
const electronFolder = join(modulesFolder, 'electron');

/**
 * @param {string} version
 * @param {import('../lib/steps.mjs').Steps} steps
 * @returns {Promise<string | null>} the executable, or null where it cannot be downloaded
 */
export async function downloadElectron(version, steps) {
  const executable = join(electronFolder, 'dist', 'electron');
  if (existsSync(executable) && existsSync(join(electronFolder, 'path.txt'))) return executable;
  if (!usesProxy() && !isInDownloadCache(version)) {
    const problem = await probe(mirror() ?? RELEASE_PAGE);
    if (problem) {
      steps.say(`Electron's download page is not reachable (${problem}).`);
      return null;
    }
  }
  const { code, stderr } = await steps.during(
    `Downloading Electron ${version} (about 120 MB)`,
    () =>
      capture(projectNode, [join(electronFolder, 'install.js')], {
        timeoutMs: DOWNLOAD_DEADLINE_MS,
      }),
  );
  if (code === 0 && existsSync(executable)) return executable;
  steps.say(
    `Electron could not be downloaded: ${stderr.trim().split('\n')[0] || `its installer ended with code ${code}`}`,
  );
  return null;
}

/** The settings @electron/get itself goes by; npm passes those of .npmrc on in lower case. */
function mirror() {
  const {
    ELECTRON_MIRROR: own,
    NPM_CONFIG_ELECTRON_MIRROR: upper,
    npm_config_electron_mirror: lower,
  } = process.env;
  return lower ?? upper ?? own ?? null;
}

function usesProxy() {
  return Boolean(process.env.ELECTRON_GET_USE_PROXY);
}

/** @param {string} version */
function isInDownloadCache(version) {
  const folder =
    process.env.electron_config_cache ??
    join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'electron');
  if (!existsSync(folder)) return false;
  const name = `electron-v${version}-linux-x64.zip`;
  return readdirSync(folder).some(
    (entry) => entry === name || existsSync(join(folder, entry, name)),
  );
}

/**
 * @param {string} url
 * @returns {Promise<string | null>} what is wrong
 */
async function probe(url) {
  try {
    const { status } = await fetch(url, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(PROBE_DEADLINE_MS),
    });
    return status < 500 && status !== 403 && status !== 407 ? null : `it answers ${status}`;
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return cause instanceof Error ? cause.message || cause.name : String(cause);
  }
}
