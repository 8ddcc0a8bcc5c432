/** The tests' own tidiness: one that fails must not leave a machine to disturb those after it. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Services, withDataDirectory } from '../support/services.ts';

test.each(['open', 'kept'] as const)(
  'a test that fails with its app %s leaves no machine running',
  async (how) => {
    let pid = 0;
    const failing = withDataDirectory(async (path) => {
      const services = await Services.open(path);
      const { id } = await services.manager.create(services.spec());
      await services.manager.start(id);
      const record: unknown = JSON.parse(readFileSync(services.recordOf(id).launchRecord, 'utf8'));
      ({ pid } = record as { pid: number });
      if (how === 'kept') await services.close('keep');
      expect(isRunning(pid)).toBe(true);
      throw new Error('as a test fails');
    });
    await expect(failing).rejects.toThrow('as a test fails');
    await expect.poll(() => isRunning(pid)).toBe(false);
  },
);

/** One that has ended and waits for its parent runs no more. */
function isRunning(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  if (!existsSync(stat)) return false;
  return !/^\d+ \(.*\) Z/s.test(readFileSync(stat, 'utf8'));
}
