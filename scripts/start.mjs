/**
 * Sets up, builds and starts Nandu. Without a display it shows the demonstration on a virtual one instead.
 *
 * Usage: npm start [-- arguments for the app]
 */
import { join } from 'node:path';
import { ensureBuilt } from './lib/build.mjs';
import { runMain } from './lib/failure.mjs';
import { projectNode, projectRoot } from './lib/paths.mjs';
import { runVisibly } from './lib/run.mjs';
import { readRuntime, runtimeEnvironment } from './lib/runtime.mjs';
import { hasDisplay, withVirtualDisplay } from './lib/xvfb.mjs';
import { setUp } from './setup.mjs';

/** @returns {Promise<number>} the app's exit code */
async function main() {
  const steps = await setUp();
  await ensureBuilt(steps);
  const runtime = readRuntime();
  if (hasDisplay()) return startApp(runtime);
  steps.say('There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set).');
  steps.say('Running the demonstration on a virtual display instead.');
  return withVirtualDisplay((display) =>
    runVisibly(projectNode, [join('test', 'demo', 'demo.ts')], {
      cwd: projectRoot,
      env: runtimeEnvironment(runtime, { DISPLAY: display }),
    }),
  );
}

/** @param {import('./setup/electron.mjs').Runtime} runtime */
function startApp(runtime) {
  const sandboxOff = [];
  if (process.getuid?.() === 0) {
    console.log(
      'Running as root: Chromium refuses its sandbox there, so the window runs without it. Better start Nandu as an ordinary user.',
    );
    sandboxOff.push('--no-sandbox');
  }
  const appArgument = runtime.appArgument ? [runtime.appArgument] : [];
  return runVisibly(runtime.electron, [...sandboxOff, ...appArgument, ...process.argv.slice(2)], {
    cwd: projectRoot,
    env: runtimeEnvironment(runtime),
  });
}

await runMain(main);
