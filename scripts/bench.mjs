/**
 * Runs the benchmark, test/bench/bench.ts, with all it compares: the fast kernel, libvirt, the built app.
 *
 * Usage: npm run bench [-- arguments for it]
 */
import { join } from 'node:path';
import { ensureBuilt } from './lib/build.mjs';
import { runMain } from './lib/failure.mjs';
import { projectNode, projectRoot } from './lib/paths.mjs';
import { runVisibly } from './lib/run.mjs';
import { readRuntime, runtimeEnvironment } from './lib/runtime.mjs';
import { hasDisplay, withVirtualDisplay } from './lib/xvfb.mjs';
import { setUp } from './setup.mjs';
import { ensureFastKernel } from './setup/fast-kernel.mjs';

/** @returns {Promise<number>} the benchmark's exit code */
async function main() {
  const isVirtual = Boolean(process.env.CI) || !hasDisplay();
  const steps = await setUp({
    withVirtualDisplay: isVirtual,
    withKernelTools: true,
    withBenchTools: true,
  });
  await ensureBuilt(steps);
  await ensureFastKernel();
  const argv = [join('test', 'bench', 'bench.ts'), ...process.argv.slice(2)];
  const run = (/** @type {NodeJS.ProcessEnv} */ extra) =>
    runVisibly(projectNode, argv, {
      cwd: projectRoot,
      env: runtimeEnvironment(readRuntime(), extra),
    });
  return isVirtual
    ? withVirtualDisplay((display) => run({ DISPLAY: display, WAYLAND_DISPLAY: undefined }))
    : run({});
}

await runMain(main);
