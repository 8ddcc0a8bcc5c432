/**
 * Compiles better-sqlite3 for runtimes older than its prebuilt binding, into the shared cache.
 * Two translation units and a link, with the options of its binding.gyp: no Python, make or node-gyp needed.
 */
import { readFileSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import {
  hashContent,
  hashFile,
  readJsonOrNull,
  temporarySibling,
  writeJson,
} from '../lib/files.mjs';
import { fetchNpmPackage } from '../lib/npm-tarball.mjs';
import { electronCacheFolder, modulesFolder, projectRoot } from '../lib/paths.mjs';
import { mustRun } from '../lib/run.mjs';
import { ensureSystemPackages } from './system-packages.mjs';

/** The last headers whose every function Node-API 9 of Electron 33 has, if only as experimental ones. */
const HEADERS = {
  name: 'node-api-headers',
  version: '1.5.0',
  integrity:
    'sha512-Yi/FgnN8IU/Cd6KeLxyHkylBUvDTsSScT0Tna2zTrz8klmc8qF2ppj6Q1LHsmOueJWhigQwR4cO2p0XBGW5IaQ==',
};
const FILE_NAME = 'better_sqlite3.node';
const sourceFolder = join(modulesFolder, 'better-sqlite3');
const addonHeaders = join(modulesFolder, 'node-addon-api');
const shim = join(projectRoot, 'scripts', 'setup', 'headers', 'node-api-experimental.h');

/**
 * @param {string} electronVersion part of the cache key
 * @param {import('../lib/steps.mjs').Steps} steps
 * @returns {Promise<string>} absolute path of the verified binding
 */
export async function ensureSqliteBinding(electronVersion, steps) {
  const { version } = JSON.parse(readFileSync(join(sourceFolder, 'package.json'), 'utf8'));
  const recipe = hashContent(projectRoot, [
    'scripts/setup/sqlite-binding.mjs',
    'scripts/setup/headers',
  ]).slice(0, 8);
  const target = join(
    electronCacheFolder(),
    `sqlite-${version}-electron-${electronVersion}-${recipe}`,
  );
  if (await isIntact(target)) return join(target, FILE_NAME);
  await ensureSystemPackages(['compiler'], steps);
  const work = await temporarySibling(target);
  try {
    await steps.during(
      `Compiling SQLite ${version} for Electron ${electronVersion} (about a minute)`,
      () => compile(work.path),
    );
    const output = join(work.path, FILE_NAME);
    const finished = join(work.path, 'finished');
    await mkdir(finished);
    await cp(output, join(finished, FILE_NAME));
    await writeJson(join(finished, 'binding.json'), { sha256: await hashFile(output) });
    await rm(target, { recursive: true, force: true });
    await rename(finished, target);
  } finally {
    await work.remove();
  }
  return join(target, FILE_NAME);
}

/** @param {string} folder */
async function isIntact(folder) {
  const recorded = readJsonOrNull(join(folder, 'binding.json'))?.sha256;
  return (
    recorded !== undefined &&
    (await hashFile(join(folder, FILE_NAME)).catch(() => null)) === recorded
  );
}

/** @param {string} folder */
async function compile(folder) {
  await fetchNpmPackage(HEADERS, folder);
  const common = ['-O1', '-fPIC', '-pthread', '-DNDEBUG', '-D_FILE_OFFSET_BITS=64', '-c'];
  const sqlite = () =>
    mustRun('Compiling SQLite', 'gcc', [
      ...[...common, '-std=c99', '-w', ...readDefines()],
      ...[join(sourceFolder, 'deps', 'sqlite3', 'sqlite3.c'), '-o', join(folder, 'sqlite3.o')],
    ]);
  const addon = () =>
    mustRun('Compiling better-sqlite3', 'g++', [
      ...[...common, '-std=c++20', '-w', '-fno-rtti', '-fno-exceptions'],
      ...['-fvisibility=hidden', '-fvisibility-inlines-hidden', '-include', shim],
      ...['-DBUILDING_NODE_EXTENSION', '-DNODE_GYP_MODULE_NAME=better_sqlite3'],
      ...['-DNAPI_DISABLE_CPP_EXCEPTIONS', '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
      `-I${join(folder, 'package', 'include')}`,
      `-I${addonHeaders}`,
      `-I${join(sourceFolder, 'deps', 'sqlite3')}`,
      ...[join(sourceFolder, 'src', 'better_sqlite3.cpp'), '-o', join(folder, 'addon.o')],
    ]);
  if (availableParallelism() > 1) await Promise.all([sqlite(), addon()]);
  else {
    await sqlite();
    await addon();
  }
  await mustRun('Linking better-sqlite3', 'g++', [
    ...['-shared', '-pthread', '-Wl,-Bsymbolic', '-Wl,--exclude-libs,ALL'],
    ...['-o', join(folder, FILE_NAME), join(folder, 'addon.o'), join(folder, 'sqlite3.o'), '-ldl'],
  ]);
}

/** SQLite's options as better-sqlite3 chooses them: a list of quoted words in a generated file. */
function readDefines() {
  const text = readFileSync(join(sourceFolder, 'deps', 'defines.gypi'), 'utf8');
  return [...text.matchAll(/'([A-Z][A-Z0-9_]*(?:=-?\w+)?)'/g)].map((match) => `-D${match[1]}`);
}
