/** Options of the machine as a guest sees them, on the real QEMU with the real kernel. */
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withChanges, withPreset, type MachineSpec, type Preset } from '../../src/shared/index.ts';
import { GuestShell } from '../support/guest-shell.ts';
import { Services, withDataDirectory } from '../support/services.ts';

let services: Services;
let folder: string;
let end: () => void = () => undefined;
let closed: Promise<void>;
beforeAll(async () => {
  const ended = new Promise<void>((resolve) => (end = resolve));
  await new Promise<void>((ready) => {
    closed = withDataDirectory(async (path) => {
      folder = path;
      services = await Services.open(path);
      ready();
      await ended;
      expect(services.problems).toEqual([]);
      await services.close();
    });
  });
});
afterAll(async () => {
  end();
  await closed;
});

let count = 0;
async function boot(spec: MachineSpec): Promise<GuestShell> {
  const { id } = await services.manager.create({ ...spec, name: `machine ${(count += 1)}` });
  return GuestShell.boot(services, id);
}

const spec = (changes: Record<string, unknown> = {}): MachineSpec =>
  withChanges(services.spec({ quietKernel: true }), changes);

describe('presets', () => {
  it.each<Preset>(['compatible', 'fast', 'minimal', 'emulated'])(
    '%s boots and stops',
    async (preset) => {
      const { id, ask } = await boot({
        ...withPreset(services.spec(), preset),
        accelerator: 'tcg',
      });
      expect(await ask('cat /sys/class/tty/console/active /proc/cmdline')).toContain(
        preset === 'minimal' ? 'console=hvc0' : 'ttyS0',
      );
      await services.untilReady(id);
      await services.manager.stop(id);
      expect(services.manager.get(id).run?.end?.message).toBe('The guest shut down when asked.');
    },
  );
});

describe('devices', () => {
  it('disks: formats, read-only, cache mode, and limits that change while it runs', async () => {
    const paths = ['a.img', 'b.img'].map((name) => join(folder, name));
    for (const path of paths) {
      writeFileSync(path, `content of ${path}\n`);
      truncateSync(path, 64 * 1024 * 1024);
    }
    const disk = (path: string, more: object): unknown => ({
      ...{ path, format: 'raw', readOnly: false, cache: 'writeback' },
      ...{ limits: { iops: 0, bytesPerSecond: 0 }, ...more },
    });
    const { id, ask } = await boot(
      spec({
        disks: [
          disk(paths[0] ?? '', {
            cache: 'writethrough',
            limits: { iops: 0, bytesPerSecond: 4_000_000 },
          }),
          disk(paths[1] ?? '', { readOnly: true, cache: 'unsafe' }),
        ],
      }),
    );
    expect(await ask('cat /sys/block/vda/ro /sys/block/vdb/ro; head -n 1 /dev/vdb')).toBe(
      `0\n1\ncontent of ${paths[1]}`,
    );
    /** Seconds that reading 8 MiB takes, past the guest's own cache. */
    const seconds = async (skip: number, disk = 'vda'): Promise<number> => {
      const answer = await ask(
        `read a _ </proc/uptime; dd if=/dev/${disk} of=/dev/null bs=1M count=8 skip=${skip} 2>/dev/null; read b _ </proc/uptime; echo $a $b`,
      );
      const [from = 0, to = 0] = answer.split(' ').map(Number);
      return to - from;
    };
    const slow = await seconds(0);
    expect(slow).toBeGreaterThan(1); // 4 MB/s
    const current = services.manager.get(id).spec;
    await services.manager.update(id, withChanges(current, { 'disks.0.limits.bytesPerSecond': 0 }));
    expect(services.manager.get(id).pendingChanges).toEqual([]);
    expect(await seconds(16)).toBeLessThan(slow / 2);
    // The running process keeps its disks in their places when the definition loses one.
    const [, second] = services.manager.get(id).spec.disks;
    const slowed = { ...second, limits: { iops: 0, bytesPerSecond: 4_000_000 } };
    const withoutFirst = { ...services.manager.get(id).spec, disks: [slowed] } as MachineSpec;
    await services.manager.update(id, withoutFirst);
    expect(services.manager.get(id).pendingChanges).toEqual(['disks']);
    expect(await seconds(32)).toBeLessThan(slow / 2);
    expect(await seconds(0, 'vdb')).toBeGreaterThan(1);
    await services.manager.forceStop(id);
  });

  it('network, balloon, pvpanic, shared memory, and a second console beside the first', async () => {
    const { id, ask } = await boot(
      spec({
        ...{ network: 'full', 'devices.balloon': true, 'devices.pvpanic': true },
        ...{ memoryBackend: 'file', console: 'both', vcpus: 2 },
      }),
    );
    expect(
      await ask('for d in /sys/bus/virtio/devices/*/device; do cat $d; done | sort | xargs'),
    ).toBe('0x0001 0x0003 0x0004 0x0005');
    expect(await ask('nproc; tty')).toBe('2\n/dev/hvc0');
    expect(await ask('cat /proc/cmdline')).toContain('console=ttyS0 console=hvc0');
    await ask('echo on-the-serial-line >/dev/ttyS0');
    const run = services.manager.get(id).run ?? expect.unreachable();
    await expect
      .poll(async () => (await services.manager.readLog(run.id, 'serial')).lines.at(-1))
      .toBe('on-the-serial-line');
    await services.manager.forceStop(id);
  });

  it('without ACPI: no virtio devices for this kernel, which is said before the start', async () => {
    const without = spec({ 'board.acpi': false });
    const { id } = await services.manager.create({ ...without, name: 'no acpi' });
    const findings = await services.manager.check(without, null);
    expect(findings.map(({ code }) => code)).toEqual(['kernel-without-command-line-devices']);
    await expect(services.manager.start(id)).rejects.toMatchObject({
      code: 'unsupported',
      details: { field: 'board.acpi' },
    });
    expect(services.manager.get(id)).toMatchObject({ state: 'stopped', run: null });
    // With no virtio device at all there is nothing to find: then it boots.
    const bare = { ...without, devices: { ...without.devices, agent: false, rng: false } };
    const booted = await boot(bare);
    expect(
      await booted.ask('ls /sys/firmware/acpi 2>&1; ls /sys/bus/virtio/devices | wc -l'),
    ).toContain('No such file');
    await services.manager.forceStop(booted.id);
  });
});
