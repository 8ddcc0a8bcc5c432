/** Where things are: the project, its Node, and the cache that several clones share. */
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const modulesFolder = join(projectRoot, 'node_modules');
/** This clone's own set-up results; `npm ci` removes it together with the rest. */
export const stateFolder = join(modulesFolder, '.nandu');
export const runtimeFile = join(stateFolder, 'runtime.json');
/** The Node all tools run on: newer than the one set-up itself must get by with. */
export const projectNode = join(modulesFolder, '.bin', 'node');

/**
 * `$NANDU_CACHE_DIR`, else `nandu` in the user's XDG cache folder.
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {string}
 */
export function cacheRoot(environment = process.env) {
  const { NANDU_CACHE_DIR: own, XDG_CACHE_HOME: xdg } = environment;
  if (own) return resolve(own);
  // The XDG specification: a relative path is invalid and to be ignored.
  return join(xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'nandu');
}

export const guestFolder = () => join(cacheRoot(), 'guest');
export const electronCacheFolder = () => join(cacheRoot(), 'electron');
