/** The boot lab where things go wrong: guests of ill will, disks that are full, an app that dies. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { LabPlan, MachineSpec } from '../../src/shared/index.ts';
import { maxLogBytes } from '../../src/main/console/index.ts';
import { fakeQemuEnvironment, fakeQemuPath, type FakeQemuBehaviour } from '../fakes/fake-qemu.ts';
import { Services, withDataDirectory } from '../support/services.ts';

afterEach(() => {
  delete process.env['NANDU_FAKE_QEMU'];
});

/** An "app" whose QEMU is a fake that behaves so. */
async function withFake(
  path: string,
  behaviour: FakeQemuBehaviour,
  work: (services: Services) => Promise<void>,
): Promise<void> {
  Object.assign(process.env, fakeQemuEnvironment(behaviour));
  const services = await Services.open(path, { env: { NANDU_QEMU: fakeQemuPath } });
  try {
    await work(services);
  } finally {
    await services.close();
  }
}

function planOf(services: Services, change: Partial<MachineSpec> = {}, rounds = 1): LabPlan {
  const spec = services.spec({ quietKernel: true, ...change });
  const variants: LabPlan['variants'] = [{ name: 'one', board: 'microvm', spec }];
  return { name: 'Care', variants, rounds, warmUps: 0 };
}

it('bounds the log of a variant that floods its console and never becomes ready', async () => {
  await withDataDirectory(async (path) => {
    const behaviour = { floodBytes: 400 * 1024 * 1024, neverReady: true };
    await withFake(path, behaviour, async (services) => {
      const runs = join(services.paths.state, 'runs');
      const { id } = services.lab.start(planOf(services));
      const log = (name: string): string => join(runs, readdirSync(runs)[0] ?? '', name);
      await expect
        .poll(() => existsSync(runs) && existsSync(log('console.log.1')), { timeout: 30_000 })
        .toBe(true);
      expect(statSync(log('console.log.1')).size).toBeLessThanOrEqual(2 * maxLogBytes);
      await services.lab.cancel(id);
      expect(readdirSync(runs)).toEqual([]);
      expect(services.problems).toEqual([]);
    });
  });
});
