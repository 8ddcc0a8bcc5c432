/** Fetches single packages through the user's own npm and its configuration, and checks them against a known checksum. */
import { join } from 'node:path';
import { hashFile } from './files.mjs';
import { SetupFailure } from './failure.mjs';
import { mustRun } from './run.mjs';

/**
 * @typedef {{ name: string, version: string, integrity: string }} PinnedPackage `integrity` as npm writes it, sha512
 */

/**
 * Downloads, verifies and unpacks a package; its content is then in `folder`/package.
 * @param {PinnedPackage} pinned
 * @param {string} folder an empty folder
 */
export async function fetchNpmPackage({ name, version, integrity }, folder) {
  const specifier = `${name}@${version}`;
  const output = await mustRun(
    `Fetching ${specifier}`,
    'npm',
    ['pack', specifier, '--json', '--silent'],
    { cwd: folder },
  );
  const archive = join(folder, packedFileName(output, specifier));
  const found = `sha512-${await hashFile(archive, 'sha512', 'base64')}`;
  if (found !== integrity) {
    throw new SetupFailure(
      `${specifier} has another checksum than expected (${found}). It was not used; check your npm registry.`,
    );
  }
  await mustRun(
    `Unpacking ${specifier}`,
    'tar',
    ['--extract', '--gzip', '--file', archive, '--no-same-owner'],
    { cwd: folder },
  );
}

/**
 * @param {string} output
 * @param {string} specifier
 * @returns {string}
 */
function packedFileName(output, specifier) {
  const entries = Object.values(JSON.parse(output));
  const file = /** @type {{ filename?: unknown } | undefined} */ (entries[0])?.filename;
  if (typeof file !== 'string' || file === '')
    throw new SetupFailure(`npm did not say where it put ${specifier}.`);
  // npm 8 printed the scope's slash, while the file itself has a dash.
  return file.replace(/^@/, '').replaceAll('/', '-');
}
