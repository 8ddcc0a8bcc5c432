/**
 * Runs one acceptance check, test/accept/NAME.ts, against the built app and real QEMU.
 *
 * Usage: npm run accept -- NAME [arguments for it]
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './lib/build.mjs';
import { runMain } from './lib/failure.mjs';
import { projectNode, projectRoot } from './lib/paths.mjs';
import { runVisibly } from './lib/run.mjs';
import { readRuntime, runtimeEnvironment } from './lib/runtime.mjs';
import { hasDisplay, withVirtualDisplay } from './lib/xvfb.mjs';
import { setUp } from './setup.mjs';
import { ensureFastKernel } from './setup/fast-kernel.mjs';

const EXIT_USAGE = 2;
const folder = join('test', 'accept');

/** @returns {Promise<number>} the check's exit code */
async function main() {
  const [name, ...rest] = process.argv.slice(2);
  const names = listChecks();
  if (!name || !names.includes(name)) {
    console.error(name ? `There is no check "${name}".` : 'Usage: npm run accept -- NAME');
    console.error(`Checks: ${names.join(', ') || 'none yet'}`);
    return EXIT_USAGE;
  }
  const isVirtual = Boolean(process.env.CI) || !hasDisplay();
  const steps = await setUp({
    withVirtualDisplay: isVirtual,
    withImageTools: ['containers', 'screenshots'].includes(name),
    withKernelTools: name === 'boot',
    withBenchTools: name === 'boot',
  });
  await ensureBuilt(steps);
  if (name === 'boot') await ensureFastKernel();
  const run = (/** @type {NodeJS.ProcessEnv} */ extra) =>
    runVisibly(projectNode, [join(folder, `${name}.ts`), ...rest], {
      cwd: projectRoot,
      env: runtimeEnvironment(readRuntime(), extra),
    });
  return isVirtual
    ? withVirtualDisplay((display) => run({ DISPLAY: display, WAYLAND_DISPLAY: undefined }))
    : run({});
}

function listChecks() {
  const path = join(projectRoot, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path).flatMap((file) =>
    /^[a-z][a-z0-9-]*\.ts$/.test(file) ? [file.slice(0, -'.ts'.length)] : [],
  );
}

await runMain(main);
