/** What set-up recorded about Electron, and the environment that goes with it. */
import { readJsonOrNull } from './files.mjs';
import { SetupFailure } from './failure.mjs';
import { runtimeFile } from './paths.mjs';

/** @returns {import('../setup/electron.mjs').Runtime} */
export function readRuntime() {
  const runtime = readJsonOrNull(runtimeFile);
  if (!runtime) throw new SetupFailure('Electron is not set up. Run: npm run setup');
  return runtime;
}

/**
 * The environment for Electron, and for whatever starts it (tests, demonstration).
 * @param {import('../setup/electron.mjs').Runtime} runtime
 * @param {NodeJS.ProcessEnv} [extra]
 * @returns {NodeJS.ProcessEnv}
 */
export function runtimeEnvironment(runtime, extra = {}) {
  return {
    ...process.env,
    // Set, it would turn Electron into a plain Node.
    ELECTRON_RUN_AS_NODE: undefined,
    NANDU_RUNTIME: runtimeFile,
    ...(runtime.sqliteBinding ? { NANDU_SQLITE_BINDING: runtime.sqliteBinding } : {}),
    ...extra,
  };
}
