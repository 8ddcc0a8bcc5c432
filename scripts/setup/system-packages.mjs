/** Set-up step: programs and libraries of the distribution. Installs on Debian and Ubuntu, elsewhere says how. */
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { readJsonOrNull, writeJson } from '../lib/files.mjs';
import { SetupFailure } from '../lib/failure.mjs';
import { cacheRoot } from '../lib/paths.mjs';
import { capture, runVisibly } from '../lib/run.mjs';
import { recognise, requirements } from './distributions.mjs';

const DPKG_STATUS = '/var/lib/dpkg/status';
const stampFile = () => join(cacheRoot(), 'system-packages.json');

/**
 * Sees to it that all packages of the groups are there.
 * @param {import('./distributions.mjs').PackageGroup[]} groups
 * @param {import('../lib/steps.mjs').Steps} steps
 * @throws SetupFailure with the command to run, when they cannot be installed from here
 */
export async function ensureSystemPackages(groups, steps) {
  const distribution = recognise(readTextOrEmpty('/etc/os-release'));
  if (distribution?.ids[0] === 'debian') {
    await ensureOnDebian(distribution, groups, steps);
    return;
  }
  const missing = groups.flatMap((group) => findMissing(requirements[group]));
  const libraries = await findMissingLibraries(groups);
  if (missing.length + libraries.length === 0) return;
  const list = [...missing, ...libraries].join(', ');
  if (!distribution) {
    throw new SetupFailure(
      `Missing: ${list}. Install them with your distribution's package manager and try again.`,
    );
  }
  const packages = groups.flatMap((group) => distribution.packages[group]);
  throw new SetupFailure(
    `Missing: ${list}. Install them and try again:\n\n  ${command(distribution, packages, true)}\n`,
  );
}

/**
 * @param {import('./distributions.mjs').Distribution} distribution
 * @param {import('./distributions.mjs').PackageGroup[]} groups
 * @param {import('../lib/steps.mjs').Steps} steps
 */
async function ensureOnDebian(distribution, groups, steps) {
  const wanted = groups.flatMap((group) => distribution.packages[group]);
  const status = statSync(DPKG_STATUS, { throwIfNoEntry: false });
  const stamp = readJsonOrNull(stampFile());
  const isKnown =
    status && stamp?.dpkgStatusMs === status.mtimeMs && Array.isArray(stamp.installed);
  if (isKnown && wanted.every((name) => stamp.installed.includes(name))) return;

  const missing = await missingOnDebian(wanted);
  if (missing.length > 0) {
    steps.say(`System packages missing: ${missing.join(' ')}`);
    await installOnDebian(distribution, missing, steps);
    const still = await missingOnDebian(wanted);
    if (still.length > 0)
      throw new SetupFailure(
        `These packages are still missing after installing: ${still.join(' ')}`,
      );
  }
  const installed = [...new Set([...(isKnown ? stamp.installed : []), ...wanted])];
  await writeJson(stampFile(), { dpkgStatusMs: statSync(DPKG_STATUS).mtimeMs, installed });
}

/**
 * @param {import('./distributions.mjs').Distribution} distribution
 * @param {string[]} missing
 * @param {import('../lib/steps.mjs').Steps} steps
 */
async function installOnDebian(distribution, missing, steps) {
  const prefix = await privilegePrefix();
  if (!prefix) {
    const line = command(distribution, missing, true);
    throw new SetupFailure(
      `Installing packages needs root rights. Run this and try again:\n\n  sudo apt-get update && ${line}\n`,
    );
  }
  const runApt = async (/** @type {string[]} */ argv) => {
    const [program = '', ...rest] = [
      ...prefix,
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'LC_ALL=C',
      ...argv,
    ];
    return runVisibly(program, rest);
  };
  // One unreachable third-party source makes the update fail though all that is needed came in: install decides.
  steps.say('Refreshing the package lists …');
  const updateCode = await runApt(['apt-get', 'update', '--quiet']);
  if (updateCode !== 0)
    steps.say('Some package lists could not be refreshed; going on with those that could.');
  const packages = await Promise.all(missing.map(installableName));
  steps.say(`Installing ${packages.length} system packages …`);
  const code = await runApt([...distribution.install, '-qq', '-o=Dpkg::Use-Pty=0', ...packages]);
  if (code === 0) return;
  throw new SetupFailure(
    `apt-get could not install all packages (see above). Repair that, then try again:\n\n  ${command(distribution, packages, true)}\n`,
  );
}

/** @returns {Promise<string[] | null>} what goes before a command that needs root; null when there is no way */
async function privilegePrefix() {
  if (process.getuid?.() === 0) return [];
  if ((await capture('sudo', ['-n', 'true'])).code === 0) return ['sudo', '-n'];
  return process.stdin.isTTY && findMissing({ programs: ['sudo'] }).length === 0 ? ['sudo'] : null;
}

/**
 * Since 2024 some libraries carry "t64" in their name (64-bit time_t), on Debian 13 and Ubuntu 24.04.
 * @param {string[]} names
 * @returns {Promise<string[]>}
 */
async function missingOnDebian(names) {
  const both = names.flatMap((name) => [name, `${name}t64`]);
  const { stdout } = await capture('dpkg-query', [
    '--show',
    '--showformat=${Package} ${db:Status-Status}\n',
    ...both,
  ]);
  const installed = new Set(
    stdout.split('\n').flatMap((line) => (line.endsWith(' installed') ? [line.split(' ')[0]] : [])),
  );
  return names.filter((name) => !installed.has(name) && !installed.has(`${name}t64`));
}

/** @param {string} name */
async function installableName(name) {
  const renamed = `${name}t64`;
  return (await capture('apt-cache', ['show', '--no-all-versions', renamed])).code === 0
    ? renamed
    : name;
}

/** @param {{ programs: string[] }} requirement */
function findMissing({ programs }) {
  const folders = (process.env.PATH ?? '').split(delimiter).concat('/usr/sbin', '/sbin');
  return programs.filter(
    (program) => !folders.some((folder) => isExecutable(join(folder, program))),
  );
}

/** @param {import('./distributions.mjs').PackageGroup[]} groups */
async function findMissingLibraries(groups) {
  const wanted = groups.flatMap((group) => requirements[group].libraries);
  if (wanted.length === 0) return [];
  const { code, stdout } = await capture('ldconfig', ['-p'], {
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
  return code === 0 ? wanted.filter((library) => !stdout.includes(`\t${library} `)) : [];
}

/**
 * @param {import('./distributions.mjs').Distribution} distribution
 * @param {string[]} packages
 * @param {boolean} withSudo
 */
function command({ install }, packages, withSudo) {
  return [...(withSudo ? ['sudo'] : []), ...install, ...packages].join(' ');
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} path */
function readTextOrEmpty(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
