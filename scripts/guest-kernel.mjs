/**
 * Makes the fast kernel (resources/guest/kernel.config) and offers it to Nandu beside the distribution's.
 * Some minutes, once: what was made of the same source and configuration is left alone.
 *
 * Usage: npm run guest:kernel [-- --source FILE]    a linux-*.tar.xz in place of Debian's linux-source
 */
import { join } from 'node:path';
import { SetupFailure, runMain } from './lib/failure.mjs';
import { withLock } from './lib/lock.mjs';
import { guestFolder, projectNode, projectRoot } from './lib/paths.mjs';
import { runVisibly } from './lib/run.mjs';
import { setUp } from './setup.mjs';

async function main() {
  const argv = process.argv.slice(2);
  const [option, source, ...rest] = argv;
  if (argv.length > 0 && (option !== '--source' || !source || rest.length > 0))
    throw new SetupFailure('Usage: npm run guest:kernel [-- --source FILE]');
  const steps = await setUp({ withKernelTools: true });
  const onWait = () => steps.say('Waiting for another build of the kernel …');
  const code = await withLock(`${guestFolder()}.kernel.lock`, { onWait }, () =>
    runVisibly(projectNode, [
      join(projectRoot, 'scripts', 'setup', 'fast-kernel.ts'),
      guestFolder(),
      ...(source ? [source] : []),
    ]),
  );
  if (code !== 0) throw new SetupFailure('The fast kernel could not be made (see above).');
}

await runMain(main);
