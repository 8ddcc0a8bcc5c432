/**
 * Makes the fast kernel (resources/guest/kernel.config) and offers it to Nandu beside the distribution's.
 * Some minutes, once: what was made of the same source and configuration is left alone.
 *
 * Usage: npm run guest:kernel [-- --source FILE]    a linux-*.tar.xz in place of Debian's linux-source
 */
import { SetupFailure, runMain } from './lib/failure.mjs';
import { setUp } from './setup.mjs';
import { ensureFastKernel } from './setup/fast-kernel.mjs';

async function main() {
  const argv = process.argv.slice(2);
  const [option, source, ...rest] = argv;
  if (argv.length > 0 && (option !== '--source' || !source || rest.length > 0))
    throw new SetupFailure('Usage: npm run guest:kernel [-- --source FILE]');
  await setUp({ withKernelTools: true });
  await ensureFastKernel(source);
}

await runMain(main);
