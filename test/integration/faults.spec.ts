/** No fault loses a definition, orphans a process or leaves a wrong state; each has its name here. */
import { execFileSync } from 'node:child_process';
import { describe, it } from 'vitest';
import { faults } from '../support/faults.ts';

/** Some faults need a small disk, which only root or a mount namespace can have. */
const canMount = ((): boolean => {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

describe('survives', () => {
  for (const { name, survive } of faults) {
    // A test that is left out here is counted and named in the last lines of "npm test".
    it.skipIf(name.startsWith('disk full') && !canMount)(name, { timeout: 180_000 }, survive);
  }
});
