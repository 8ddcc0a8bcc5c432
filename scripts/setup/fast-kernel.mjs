/** Set-up step of the benchmark and of whoever asks: the fast kernel. Decides nothing; fast-kernel.ts does it. */
import { join } from 'node:path';
import { SetupFailure } from '../lib/failure.mjs';
import { withLock } from '../lib/lock.mjs';
import { guestFolder, projectNode, projectRoot } from '../lib/paths.mjs';
import { runVisibly } from '../lib/run.mjs';

/**
 * Makes it unless it was made before of the same source and configuration.
 * @param {string} [source] an archive in place of Debian's linux-source
 */
export async function ensureFastKernel(source) {
  const onWait = () => console.log('Waiting for another build of the kernel …');
  const code = await withLock(`${guestFolder()}.kernel.lock`, { onWait }, () =>
    runVisibly(projectNode, [
      join(projectRoot, 'scripts', 'setup', 'fast-kernel.ts'),
      guestFolder(),
      ...(source ? [source] : []),
    ]),
  );
  if (code !== 0) throw new SetupFailure('The fast kernel could not be made (see above).');
}
