/** What Nandu says of a boot, against what others say of it: the guest, the kernel's log, plain sums. Real QEMU. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runFiles } from '../../src/main/host/index.ts';
import type {
  BootTimeline,
  MachineId,
  MachineSpec,
  PhaseName,
  Run,
} from '../../src/shared/index.ts';
import { Services, withDataDirectory, type ServicesOptions } from '../support/services.ts';
import { TestView } from '../support/test-view.ts';

interface Boot {
  readonly services: Services;
  readonly id: MachineId;
  readonly view: TestView;
  readonly type: (text: string) => void;
  /** The run's timeline as soon as it is as wanted. */
  readonly timeline: (wanted: (boot: BootTimeline) => boolean) => Promise<BootTimeline>;
  readonly run: () => Run;
  /** All that the guest has printed, by QEMU's own log. */
  readonly printed: () => string;
}

/** Starts one machine, and stops it when the work is done. */
async function withBoot(
  change: Partial<MachineSpec>,
  work: (boot: Boot) => Promise<void>,
  options: ServicesOptions = {},
): Promise<void> {
  await withDataDirectory(async (path) => {
    const services = await Services.open(path, options);
    const { manager } = services;
    const { id } = await manager.create(services.spec(change));
    const view = new TestView();
    const console = manager.openConsole(id, view.sink);
    await manager.start(id);
    const run = (): Run => manager.get(id).run ?? expect.unreachable();
    await work({
      ...{ services, id, view, run, type: (text) => console.input(text) },
      printed: () => readFileSync(runFiles(services.paths, run().id).consoleLog, 'latin1'),
      timeline: async (wanted) => {
        const has = await services.until(id, (machine) => {
          const boot = machine.run?.boot ?? null;
          return boot !== null && wanted(boot);
        });
        return has.run?.boot ?? expect.unreachable();
      },
    });
    await services.close();
    expect(services.problems).toEqual([]);
  });
}

const isReady = (boot: BootTimeline): boolean => boot.reached === 'ready';
const names = (boot: BootTimeline): PhaseName[] => boot.phases.map(({ name }) => name);

function endOf(boot: BootTimeline, name: PhaseName): number {
  const phase = boot.phases.find((one) => one.name === name) ?? expect.unreachable();
  return phase.startMs + phase.durationMs;
}

function expectSum({ phases, totalMs }: BootTimeline): void {
  let endMs = 0;
  for (const { startMs, durationMs } of phases) {
    expect(Math.abs(startMs - endMs)).toBeLessThan(0.001);
    endMs = startMs + durationMs;
  }
  expect(Math.abs(endMs - totalMs)).toBeLessThan(1);
}

const uptimeAt = (text: string, word: string): number =>
  Number(new RegExp(`nandu: ${word} uptime=([\\d.]+)`).exec(text)?.[1]);

describe('a boot’s figures', () => {
  it('add up, and agree with the guest’s clock', async () => {
    // A host without time for QEMU or Nandu delays what they see in some boots; a wrong clock, in every one.
    const apartMs: number[] = [];
    while (apartMs.length < 4 && !apartMs.some((ms) => Math.abs(ms) < 15)) {
      await withBoot({ quietKernel: true }, async ({ timeline, printed }) => {
        const boot = await timeline(isReady);
        expectSum(boot);
        // Nobody asked the guest for it.
        expect(boot.kernelClockMs).toBeNull();
        expect(boot.conditions).not.toContain('no-trace');
        // The init's two lines, by its uptime and by the host's clock; ready is QEMU's stamp of the agent.
        const guestMs = (uptimeAt(printed(), 'ready') - uptimeAt(printed(), 'user space')) * 1000;
        apartMs.push(boot.totalMs - endOf(boot, 'kernel') - guestMs);
      });
    }
    expect(Math.abs(apartMs.at(-1) ?? NaN), `apart: ${apartMs.join(', ')} ms`).toBeLessThan(15);
  });

  it('name the drivers’ devices, within the phases', async () => {
    await withBoot({ quietKernel: true, network: 'full' }, async ({ timeline }) => {
      const boot = await timeline(isReady);
      const devices = boot.details.filter(({ kind }) => kind === 'device');
      expect(devices.map(({ name }) => name).sort()).toEqual([
        ...['virtio-net', 'virtio-rng', 'virtio-serial'],
      ]);
      for (const { startMs, durationMs } of devices) {
        expect(startMs).toBeGreaterThan(endOf(boot, 'kernel'));
        expect(startMs + durationMs).toBeLessThan(boot.totalMs);
        expect(durationMs).toBeGreaterThan(0);
      }
    });
  });

  it('have a decompression where the kernel is a bzImage', async () => {
    const kernel = { kind: 'file', path: await bzImage() } as const;
    await withBoot({ quietKernel: true, kernel }, async ({ timeline }) => {
      const boot = await timeline(isReady);
      expectSum(boot);
      expect(names(boot)).toContain('decompression');
      expect(endOf(boot, 'decompression')).toBeCloseTo(boot.kernelClockMs ?? -1, 1);
    });
  });
});

async function bzImage(): Promise<string> {
  let vmlinux = '';
  await withDataDirectory(async (path) => {
    const services = await Services.open(path);
    vmlinux = (await services.host.status()).defaultKernel?.kernelPath ?? '';
    await services.close();
  });
  const folder = join(vmlinux, '..');
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
    kernels: { bzImage: { file: string } }[];
  };
  return join(folder, manifest.kernels[0]?.bzImage.file ?? '');
}

describe('the sign of readiness', () => {
  it('is a text on the console, in a line that has no end', async () => {
    const ready = { kind: 'console', text: '/ # ' } as const;
    await withBoot({ quietKernel: true, ready }, async ({ timeline, printed }) => {
      const boot = await timeline(isReady);
      expectSum(boot);
      const guestMs = (uptimeAt(printed(), 'ready') - uptimeAt(printed(), 'user space')) * 1000;
      // The prompt comes after the init's own line, which does not count.
      expect(boot.totalMs - endOf(boot, 'kernel')).toBeGreaterThan(guestMs - 20);
    });
  });

  it('is a marker that the guest prints, and every mark is kept', async () => {
    const ready = { kind: 'marker', name: 'served' } as const;
    await withBoot({ quietKernel: true, ready }, async ({ timeline, view, type, run }) => {
      await view.shows('/ # ');
      expect(run().boot?.reached).toBe('user-space');
      type('m=nandu; for w in warm served late; do echo "$m: mark $w"; done\r');
      const boot = await timeline(isReady);
      const marks = boot.details.filter(({ kind }) => kind === 'mark');
      expect(marks.map(({ name }) => name)).toEqual(['warm', 'served']);
      expect(marks.at(-1)?.startMs).toBeCloseTo(boot.totalMs, 0);
    });
  });

  it('is a port at which a program listens, and not the init’s arrival', async () => {
    const ready = { kind: 'port', port: 8080 } as const;
    await withBoot({ quietKernel: true, ready }, async ({ timeline, view, type, run, printed }) => {
      await view.shows('/ # ');
      expect(printed()).not.toContain('nandu: ready');
      expect(run().boot?.reached).toBe('user-space');
      type('nc -l -p 8080\r');
      expectSum(await timeline(isReady));
      expect(printed()).toContain('nandu: ready uptime=');
    });
  });

  it('has a deadline, after which it does not count', async () => {
    const ready = { kind: 'marker', name: 'up' } as const;
    const change = { quietKernel: true, ready, readyDeadlineSeconds: 5 };
    await withBoot(change, async ({ services, timeline, view, type, run }) => {
      const boot = await timeline(({ conditions }) => conditions.includes('deadline'));
      expect([boot.reached, names(boot).at(-1)]).toEqual(['user-space', 'kernel']);
      expect(services.journal.filter(({ kind }) => kind === 'boot-noted')).toMatchObject([
        { message: expect.stringContaining('“nandu: mark up”') as string },
      ]);
      await view.shows('/ # ');
      type('m=nandu; echo "$m: mark up"; echo "$m: heard"\r');
      await view.shows('nandu: heard');
      expect(run().boot).toEqual(boot);
    });
  });

  it('comes later in a machine that is held meanwhile, and the boot says that it was', async () => {
    const ready = { kind: 'marker', name: 'up' } as const;
    await withBoot({ quietKernel: true, ready }, async ({ services, id, timeline, view, type }) => {
      await view.shows('/ # ');
      await services.manager.pause(id);
      await services.until(id, ({ state }) => state === 'paused');
      await services.manager.resume(id);
      type('m=nandu; echo "$m: mark up"\r');
      expect((await timeline(isReady)).conditions).toContain('paused');
    });
  });

  it('is not waited for by a guest that reboots: what was seen is kept', async () => {
    const ready = { kind: 'marker', name: 'up' } as const;
    const change = { quietKernel: true, ready, onReboot: 'stop' } as const;
    await withBoot(change, async ({ services, id, view, type, run }) => {
      await view.shows('/ # ');
      type('reboot\r');
      await services.until(id, ({ state }) => state === 'stopped' || state === 'crashed');
      expect(run()).toMatchObject({
        end: { kind: 'guest-reset' },
        boot: {
          reached: 'user-space',
          conditions: expect.arrayContaining(['rebooted']) as string[],
        },
      });
    });
  });
});

/**
 * By how much QEMU saw a driver take its device before or after the driver's function ran, by the kernel's log: by two
 * clocks, milliseconds.
 */
function outsideMs({ details }: BootTimeline): number {
  const spans = [
    ['virtio-serial', 'virtio_console_init [virtio_console]'],
    ['virtio-rng', 'virtio_rng_driver_init [virtio_rng]'],
  ].map((pair) =>
    pair.map((wanted) => {
      const { startMs, durationMs } =
        details.find(({ name }) => name === wanted) ?? expect.unreachable();
      return { startMs, endMs: startMs + durationMs };
    }),
  );
  return Math.max(
    ...spans.map(([bound, ran]) =>
      bound && ran
        ? Math.max(ran.startMs - bound.startMs, bound.endMs - ran.endMs)
        : expect.unreachable(),
    ),
  );
}

describe('a kernel’s log', () => {
  it.each(['ELF', 'bzImage'])(
    'lies where QEMU saw its drivers work: %s',
    async (format) => {
      const kernel =
        format === 'ELF'
          ? ({ kind: 'default' } as const)
          : ({ kind: 'file', path: await bzImage() } as const);
      const outside: number[] = [];
      // As above: a first line that is heard late moves the log; a wrong clock does so in every boot.
      while (outside.length < 4 && !outside.some((ms) => ms < 20)) {
        const change = { bootDetail: true, quietKernel: true, kernel };
        await withBoot(change, async ({ timeline, services }) => {
          const boot = await timeline(({ details }) =>
            details.some(({ kind }) => kind === 'kernel'),
          );
          outside.push(outsideMs(boot));
          expect(services.journal.filter(({ kind }) => kind === 'boot-noted')).toEqual([]);
        });
      }
      expect(outside.at(-1), `outside: ${outside.join(', ')} ms`).toBeLessThan(20);
    },
    180_000,
  );

  it('is asked for, and explains the kernel’s phase', async () => {
    await withBoot({ bootDetail: true, quietKernel: true }, async ({ timeline, printed }) => {
      const boot = await timeline(({ details }) => details.some(({ kind }) => kind === 'kernel'));
      expect(boot.reached).toBe('ready');
      expect(boot.conditions).toContain('detailed');
      const kernel = boot.details.filter(({ kind }) => kind === 'kernel');
      expect(kernel.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['Early setup', 'Init functions', 'Unpacking the initrd']),
      );
      expect(boot.details.filter(({ kind }) => kind === 'initcall').length).toBeGreaterThan(10);
      // The kernel's own words end where the first process's begin, by two clocks.
      const last = kernel.find(({ name }) => name === 'Freeing memory') ?? expect.unreachable();
      const ranInitMs = last.startMs + last.durationMs;
      expect(Math.abs(endOf(boot, 'kernel') - ranInitMs)).toBeLessThan(150);
      expect(ranInitMs).toBeLessThan(endOf(boot, 'kernel') + 15);
      expect(printed()).not.toContain('initcall ');
    });
  });
});

it.each([
  ['such', '*'],
  ['the firmware’s', 'fw_cfg*'],
])('a QEMU without %s trace events gives fewer phases, and says so', async (_, missing) => {
  await withDataDirectory(async (path) => {
    const wrapper = join(path, 'qemu-without-trace');
    // What is not there is only warned of: this one knows none of them.
    const real = '/usr/bin/qemu-system-x86_64';
    writeFileSync(
      wrapper,
      `#!/bin/bash\nwords=()\nwhile [ $# -gt 0 ]; do\n  if [ "$1" = -trace ] && [[ $2 = ${missing} ]]; then words+=(-trace "none_$2"); shift 2; else words+=("$1"); shift; fi\ndone\nexec ${real} "\${words[@]}"\n`,
    );
    chmodSync(wrapper, 0o755);
    await withBoot(
      { quietKernel: true },
      async ({ services, timeline, run }) => {
        const boot = await timeline(isReady);
        expectSum(boot);
        expect(boot.conditions).toContain('no-trace');
        expect(names(boot)).toEqual(['process-start', 'qmp', 'kernel', 'user-space']);
        expect(boot.details.some(({ kind }) => kind === 'device')).toBe(missing !== '*');
        expect(readFileSync(runFiles(services.paths, run().id).qemuLog, 'utf8')).toMatch(
          /trace event 'none_\w+' does not exist/,
        );
      },
      { env: { NANDU_QEMU: wrapper } },
    );
  });
});
