/** What Nandu says of a container's boot, and of a boot whose files lay on the disk only. Real QEMU. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runFiles } from '../../src/main/host/index.ts';
import type { BootTimeline, ImageView, MachineId, MachineSpec } from '../../src/shared/index.ts';
import { ContainerScene } from '../support/containers.ts';
import { Services, withDataDirectory } from '../support/services.ts';

let scene: ContainerScene;
let image: ImageView;
beforeAll(async () => {
  scene = await ContainerScene.open();
  image = await scene.image('plain');
});
afterAll(() => scene.services.close());

async function bootOf(
  script: string,
  change: Partial<MachineSpec>,
  wanted: (boot: BootTimeline) => boolean = ({ reached }) => reached === 'ready',
): Promise<{ boot: BootTimeline; id: MachineId; printed: string }> {
  const { machine } = await scene.start(image, script, {}, change);
  const { services } = scene;
  const view = await services.until(machine.id, ({ run }) => run?.boot != null && wanted(run.boot));
  const run = view.run ?? expect.unreachable();
  const printed = readFileSync(runFiles(services.paths, run.id).consoleLog, 'latin1');
  await services.manager.forceStop(machine.id);
  return { boot: run.boot ?? expect.unreachable(), id: machine.id, printed };
}

const names = (boot: BootTimeline): string[] => boot.phases.map(({ name }) => name);
const sum = ({ phases }: BootTimeline): number =>
  phases.reduce((total, { durationMs }) => total + durationMs, 0);

describe('a container’s boot', () => {
  it('has an initrd and a user-space phase, and its drivers', async () => {
    const { boot } = await bootOf('sleep 60', {});
    expect(names(boot).slice(-3)).toEqual(['kernel', 'initrd', 'user-space']);
    expect(Math.abs(sum(boot) - boot.totalMs)).toBeLessThan(1);
    const devices = boot.details.filter(({ kind }) => kind === 'device');
    expect(devices.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['virtio-blk', 'virtio-serial']),
    );
  });

  it('is ready when its program listens, and not when its command was started', async () => {
    const { boot, printed } = await bootOf(
      'read -t 2 nothing </dev/zero; echo listening soon; usleep 700000; nc -l -p 8080',
      { ready: { kind: 'port', port: 8080 } },
    );
    expect(printed).toContain('listening soon');
    expect(printed.match(/nandu: ready uptime=/g)).toHaveLength(1);
    // The agent opened its port long before: all that came after is user space.
    const last = boot.phases.at(-1) ?? expect.unreachable();
    expect([last.name, last.durationMs > 700]).toEqual(['user-space', true]);
  });

  it.for(['default', 'fast'] as const)(
    'with the %s kernel is explained by the kernel’s own log',
    async (kind, { skip }) => {
      const { fastKernel } = await scene.services.host.status();
      if (kind === 'fast' && fastKernel === null) {
        console.warn('The fast kernel’s log is NOT tested here: “npm run guest:kernel” makes it.');
        skip();
      }
      const hasLog = ({ details }: BootTimeline): boolean =>
        details.some((detail) => detail.kind === 'kernel');
      const { boot } = await bootOf('sleep 60', { kernel: { kind }, bootDetail: true }, hasLog);
      const kernel = boot.details.filter((detail) => detail.kind === 'kernel');
      expect(kernel.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['Early setup', 'Init functions', 'Freeing memory']),
      );
      expect(boot.conditions).toContain('detailed');
      const phase = boot.phases.find(({ name }) => name === 'kernel') ?? expect.unreachable();
      const last = kernel.at(-1) ?? expect.unreachable();
      expect(last.startMs + last.durationMs).toBeLessThan(phase.startMs + phase.durationMs + 15);
    },
  );
});

it('a boot from cold files says so', async () => {
  await withDataDirectory(async (path) => {
    const services = await Services.open(path);
    const { defaultKernel } = await services.host.status();
    const kernel = join(path, 'vmlinux');
    copyFileSync(defaultKernel?.kernelPath ?? '', kernel);
    const spec = services.spec({ quietKernel: true, kernel: { kind: 'file', path: kernel } });
    const { id } = await services.manager.create(spec);
    // A kernel that Nandu does not know is looked through once, which makes it warm.
    await services.manager.check(spec, id);
    // Written to the disk and then dropped from the page cache.
    const drop = ['oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none'];
    execFileSync('dd', [`of=${kernel}`, 'if=/dev/null', ...drop]);
    await services.manager.start(id);
    const { run } = await services.untilReady(id);
    expect(run?.boot?.conditions).toContain('cold');
    await services.manager.restart(id);
    const again = await services.untilReady(id);
    expect(again.run?.number).toBe(2);
    expect(again.run?.boot?.conditions).not.toContain('cold');
    await services.close();
  });
});
