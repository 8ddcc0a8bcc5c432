/** Set-up step: an Electron that runs here, and an SQLite binding it can load. Writes runtime.json. */
import { join, resolve } from 'node:path';
import { readJsonOrNull, sizeOrNull, writeJson } from '../lib/files.mjs';
import { SetupFailure } from '../lib/failure.mjs';
import { withLock } from '../lib/lock.mjs';
import {
  electronCacheFolder,
  modulesFolder,
  projectRoot,
  runtimeFile,
  stateFolder,
} from '../lib/paths.mjs';
import { capture } from '../lib/run.mjs';
import { downloadElectron } from './electron-download.mjs';
import { FALLBACK_VERSION, ensureFallbackElectron } from './electron-fallback.mjs';
import { ensureSqliteBinding } from './sqlite-binding.mjs';

/**
 * @typedef {object} Runtime
 * @property {string} electron absolute path of the executable
 * @property {string} version
 * @property {'override' | 'download' | 'fallback'} kind
 * @property {string | null} sqliteBinding absolute path for NANDU_SQLITE_BINDING; null: the prebuilt one works
 * @property {string} appArgument how to name the app on its command line; empty: it finds it by itself
 */

/** better-sqlite3's prebuilt binding needs this Node-API; below it crashes instead of saying so. */
const PREBUILT_NODE_API = 10;
/** After a failed download the next set-ups do not lose time on another try. */
const RETRY_AFTER_MS = 24 * 60 * 60_000;
const stampFile = join(stateFolder, 'electron-stamp.json');

/**
 * @param {import('../lib/steps.mjs').Steps} steps
 * @param {{ retryDownload: boolean }} options
 */
export async function ensureElectron(steps, { retryDownload }) {
  const inputs = currentInputs();
  if (!retryDownload && isReady(inputs)) return;
  const onWait = () => steps.say('Waiting for another set-up that prepares Electron …');
  await withLock(join(electronCacheFolder(), '.lock'), { onWait }, async () => {
    if (!retryDownload && isReady(inputs)) return;
    const found = await findElectron(steps, inputs);
    const facts = await inspect(found.electron);
    const sqliteBinding =
      facts.nodeApi < PREBUILT_NODE_API ? await ensureSqliteBinding(facts.version, steps) : null;
    await verify(found.electron, sqliteBinding);
    /** @type {Runtime} */
    const runtime = { ...found, version: facts.version, sqliteBinding };
    await writeJson(runtimeFile, runtime);
    await writeJson(stampFile, {
      inputs,
      sizes: sizesOf(runtime),
      retryAtMs: found.kind === 'fallback' ? Date.now() + RETRY_AFTER_MS : null,
    });
    steps.say(`Electron ${runtime.version} is ready.`);
  });
}

/**
 * @param {import('../lib/steps.mjs').Steps} steps
 * @param {ReturnType<typeof currentInputs>} inputs
 * @returns {Promise<Pick<Runtime, 'electron' | 'kind' | 'appArgument'>>}
 */
async function findElectron(steps, { electron: version, override }) {
  if (override)
    return { electron: join(override, 'electron'), kind: 'override', appArgument: projectRoot };
  const downloaded = await downloadElectron(version, steps);
  if (downloaded) return { electron: downloaded, kind: 'download', appArgument: projectRoot };
  steps.say(
    `Using the older Electron ${FALLBACK_VERSION} instead: for development and tests only, not for daily work.`,
  );
  steps.say('  "npm run setup -- --retry-electron" tries the download again.');
  return { electron: await ensureFallbackElectron(steps), kind: 'fallback', appArgument: '' };
}

function currentInputs() {
  const versionOf = (/** @type {string} */ name) =>
    readJsonOrNull(join(modulesFolder, name, 'package.json'))?.version ?? '';
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  return {
    root: projectRoot,
    electron: versionOf('electron'),
    sqlite: versionOf('better-sqlite3'),
    override: override ? resolve(override) : null,
  };
}

/** @param {ReturnType<typeof currentInputs>} inputs */
function isReady(inputs) {
  const stamp = readJsonOrNull(stampFile);
  const runtime = readJsonOrNull(runtimeFile);
  if (!stamp || !runtime || JSON.stringify(stamp.inputs) !== JSON.stringify(inputs)) return false;
  if (stamp.retryAtMs !== null && Date.now() > stamp.retryAtMs) return false;
  return JSON.stringify(stamp.sizes) === JSON.stringify(sizesOf(runtime));
}

/** @param {Runtime} runtime */
function sizesOf({ electron, sqliteBinding }) {
  return [sizeOrNull(electron), sqliteBinding && sizeOrNull(sqliteBinding)];
}

/** @param {string} executable */
async function inspect(executable) {
  const stdout = await runAsNode(
    executable,
    'console.log(JSON.stringify([process.versions.electron, process.versions.napi]))',
  );
  const [version, nodeApi] = JSON.parse(stdout);
  return { version: String(version), nodeApi: Number(nodeApi) };
}

/**
 * @param {string} executable
 * @param {string | null} sqliteBinding
 */
async function verify(executable, sqliteBinding) {
  const script = `
    const Database = require('better-sqlite3');
    const database = new Database(':memory:', process.env.NANDU_SQLITE_BINDING ? { nativeBinding: process.env.NANDU_SQLITE_BINDING } : {});
    console.log(database.prepare('SELECT 6 * 7').pluck().get());
    database.close();`;
  const stdout = await runAsNode(
    executable,
    script,
    sqliteBinding ? { NANDU_SQLITE_BINDING: sqliteBinding } : {},
  );
  if (stdout.trim() !== '42')
    throw new SetupFailure(`Electron started, but its database does not work: ${stdout}`);
}

/**
 * @param {string} executable
 * @param {string} script
 * @param {NodeJS.ProcessEnv} [extra]
 */
async function runAsNode(executable, script, extra = {}) {
  const env = {
    ...process.env,
    NANDU_SQLITE_BINDING: undefined,
    ...extra,
    ELECTRON_RUN_AS_NODE: '1',
    NODE_OPTIONS: undefined,
  };
  const { code, stdout, stderr } = await capture(executable, ['-e', script], {
    cwd: projectRoot,
    env,
    timeoutMs: 60_000,
  });
  if (code === 0) return stdout;
  throw new SetupFailure(
    `${executable} does not work (code ${code}): ${stderr.trim().split('\n').slice(0, 5).join('\n')}`,
  );
}
