/**
 * Sets up, then runs every test there is: types, lint, build, and vitest's projects. The last line counts them.
 *
 * Usage: npm test [-- --only types|lint|unit|integration|e2e]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from './lib/build.mjs';
import { SetupFailure, runMain } from './lib/failure.mjs';
import { readJsonOrNull } from './lib/files.mjs';
import { modulesFolder, projectNode, projectRoot } from './lib/paths.mjs';
import { runVisibly } from './lib/run.mjs';
import { readRuntime, runtimeEnvironment } from './lib/runtime.mjs';
import { readVitestReport, summarise } from './lib/tally.mjs';
import { withVirtualDisplays } from './lib/xvfb.mjs';
import { setUp } from './setup.mjs';

/** @typedef {import('./lib/tally.mjs').SuiteResult} SuiteResult */

const CHECKS = /** @type {const} */ ({ types: 'check', lint: 'lint' });
const PROJECTS = ['unit', 'integration', 'e2e'];
/** These start the built app. */
const NEED_BUILD = ['integration', 'e2e'];
const NEED_DISPLAY = ['e2e'];

/** @returns {Promise<number>} */
async function main() {
  const selected = parseArguments(process.argv.slice(2));
  const steps = await setUp({ withVirtualDisplay: true, withImageTools: true });
  /** @type {SuiteResult[]} */
  const results = [];
  const checks = Object.entries(CHECKS).filter(([name]) => selected.includes(name));
  if (checks.length > 0) {
    // Each takes one core, and most of a minute.
    const run = () => Promise.all(checks.map(([name, script]) => runCheck(name, script)));
    const names = checks.map(([name]) => name).join(' and ');
    results.push(...(await steps.during(`Checking ${names}`, run)));
  }
  if (selected.some((name) => NEED_BUILD.includes(name))) results.push(await build(steps));
  for (const name of PROJECTS) {
    if (!selected.includes(name)) continue;
    steps.say(`Running the ${name} tests …`);
    results.push(
      NEED_DISPLAY.includes(name)
        ? await withVirtualDisplays(2, (displays) =>
            runProject(name, {
              ...{ DISPLAY: displays[0], WAYLAND_DISPLAY: undefined },
              // A window at a time on each: a guest's boot leaves half of the computer idle.
              NANDU_TEST_DISPLAYS: displays.join(','),
            }),
          )
        : await runProject(name, {}),
    );
  }
  console.log(summarise(results).join('\n'));
  return results.some(({ failures }) => failures.length > 0) ? 1 : 0;
}

/** @param {string[]} argv */
function parseArguments(argv) {
  const all = [...Object.keys(CHECKS), ...PROJECTS];
  if (argv.length === 0) return all;
  const [option, name] = argv;
  if (option === '--only' && name && all.includes(name) && argv.length === 2) return [name];
  throw new SetupFailure(`Usage: npm test [-- --only ${all.join('|')}]`);
}

/**
 * @param {string} name
 * @param {string} script of package.json
 * @returns {Promise<SuiteResult>}
 */
async function runCheck(name, script) {
  const code = await runVisibly('npm', ['run', '--silent', script], { cwd: projectRoot });
  return code === 0
    ? { passed: 1, failures: [], skipped: [] }
    : { passed: 0, failures: [`${name}: npm run ${script}`], skipped: [] };
}

/**
 * @param {import('./lib/steps.mjs').Steps} steps
 * @returns {Promise<SuiteResult>}
 */
async function build(steps) {
  try {
    await ensureBuilt(steps);
    return { passed: 0, failures: [], skipped: [] };
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    return { passed: 0, failures: [`build: ${error.message}`], skipped: [] };
  }
}

/**
 * @param {string} name of a project in vitest's configuration
 * @param {NodeJS.ProcessEnv} extra
 * @returns {Promise<SuiteResult>}
 */
async function runProject(name, extra) {
  const folder = await mkdtemp(join(tmpdir(), 'nandu-test-'));
  try {
    const report = join(folder, 'report.json');
    const vitest = join(modulesFolder, 'vitest', 'vitest.mjs');
    const argv = [
      'run',
      // With those that must run alone, which have a name that goes on.
      ...['--project', `${name}*`],
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ];
    const env = runtimeEnvironment(readRuntime(), extra);
    const code = await runVisibly(projectNode, [vitest, ...argv], { cwd: projectRoot, env });
    return readVitestReport(name, code, readJsonOrNull(report));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await runMain(main);
