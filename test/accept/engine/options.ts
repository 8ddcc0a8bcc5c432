/**
 * Boots a machine for every value of every option, on the real QEMU with the real kernel, and asks the
 * guest what it sees of it. What cannot be had on this host is listed with the reason, never counted.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  presetOptions,
  withChanges,
  withPreset,
  type MachineId,
  type MachineSpec,
  type Preset,
} from '../../../src/shared/index.ts';
import { commandOf, runFiles } from '../../../src/main/host/index.ts';
import { readLaunchRecord } from '../../../src/main/machines/launch-record.ts';
import { GuestShell } from '../../support/guest-shell.ts';
import { Services, withDataDirectory } from '../../support/services.ts';

/** One value of one option. */
interface OptionCase {
  readonly option: string;
  readonly changes: Record<string, unknown>;
  /** A command in the guest, and what its output must match. */
  readonly sees?: readonly [command: string, answer: RegExp];
  /** What must stand in the command line of the process that runs; for what no guest can see. */
  readonly given?: RegExp;
  /** Why it cannot be had here; then nothing is booted. */
  readonly unavailable?: string;
}

/** What was found. */
export interface OptionResults {
  readonly optionsTotal: number;
  readonly optionsBooted: number;
  readonly optionsUnavailable: { option: string; reason: string }[];
  readonly optionsFailed: { option: string; error: string }[];
}

const noLimits = { iops: 0, bytesPerSecond: 0 };
const onOffAuto = ['auto', 'on', 'off'] as const;

function cases(services: Services, folder: string): OptionCase[] {
  const kernel = services.host.defaultKernel;
  if (kernel === null) throw new Error('no guest kernel was prepared');
  const guestFolder = dirname(kernel.kernelPath);
  const bzImage = readdirSync(guestFolder).find((name) => name.startsWith('vmlinuz'));
  const initrdCopy = join(folder, 'initrd-copy');
  copyFileSync(kernel.initrdPath, initrdCopy);
  const raw = join(folder, 'disk.img');
  writeFileSync(raw, 'raw content\n');
  truncateSync(raw, 8 * 1024 * 1024);
  const qcow2 = join(folder, 'disk.qcow2');
  execFileSync('qemu-img', ['convert', '-q', '-f', 'raw', '-O', 'qcow2', raw, qcow2]);
  const disk = (more: object = {}): object => ({
    ...{ path: raw, format: 'raw', readOnly: false, cache: 'writeback', limits: noLimits },
    ...more,
  });
  const firstLine = ['head -n 1 /dev/vda', /^raw content$/] as const;
  const none = { agent: false, rng: false, balloon: false, pvpanic: false, vsockCid: null };
  const virtioIds = 'for d in /sys/bus/virtio/devices/*/device; do cat $d; done | sort | xargs';
  const appended = 'console=ttyS0 reboot=t panic=-1 tsc_early_khz=2000000 lpj=4000000 own=1';
  const packed =
    bzImage === undefined ? {} : { kernel: { kind: 'file', path: join(guestFolder, bzImage) } };
  return [
    { option: 'accelerator=tcg', changes: { accelerator: 'tcg' } },
    {
      option: 'accelerator=kvm',
      changes: {},
      unavailable: 'KVM does not boot a guest on the test machine',
    },
    { option: 'accelerator=auto', changes: { accelerator: 'auto' } },
    {
      ...{ option: 'acpi=on', changes: { 'board.acpi': true } },
      sees: ['ls -d /sys/firmware/acpi', /^\/sys\/firmware\/acpi$/],
    },
    {
      ...{ option: 'acpi=off', changes: { 'board.acpi': false, devices: none } },
      sees: ['ls -d /sys/firmware/acpi 2>&1', /No such file/],
    },
    {
      option: 'acpi=off with virtio devices',
      changes: {},
      unavailable: 'Debian’s kernel has no VIRTIO_MMIO_CMDLINE_DEVICES',
    },
    ...(['pic', 'pit', 'rtc', 'ioapic2'] as const).flatMap((name) =>
      onOffAuto.map((value) => ({
        ...{ option: `${name}=${value}`, changes: { [`board.${name}`]: value } },
        given:
          value === 'auto'
            ? new RegExp(`-machine microvm,(?!.*${name}=)`)
            : new RegExp(`-machine microvm,\\S*\\b${name}=${value}\\b`),
      })),
    ),
    { option: 'pcie=auto', changes: { 'board.pcie': 'auto' } },
    {
      ...{ option: 'pcie=on', changes: { 'board.pcie': 'on' } },
      sees: ['ls /sys/bus/pci/devices', /^0000:00:00\.0$/m],
    },
    { option: 'pcie=off', changes: { 'board.pcie': 'off' } },
    {
      ...{ option: 'usb=on', changes: { 'board.usb': true } },
      sees: ['ls /sys/bus/acpi/devices | grep -c PNP0D10', /^1$/],
    },
    {
      ...{ option: 'usb=off', changes: { 'board.usb': false } },
      sees: ['ls /sys/bus/acpi/devices | grep -c PNP0D10', /^0$/],
    },
    {
      ...{ option: 'isa-serial=on', changes: { 'board.isaSerial': true } },
      sees: ['grep -c 16550A /proc/tty/driver/serial', /^1$/],
    },
    {
      option: 'isa-serial=off',
      changes: { 'board.isaSerial': false, console: 'virtio' },
      sees: ['grep -c 16550A /proc/tty/driver/serial', /^0$/],
    },
    {
      ...{ option: 'x-option-roms=on', changes: { 'board.optionRoms': true } },
      given: /-machine microvm,(?!.*x-option-roms)/,
    },
    {
      option: 'x-option-roms=off',
      changes: { 'board.optionRoms': false, firmware: { kind: 'qboot' } },
      given: /x-option-roms=off.* -bios qboot\.rom/,
    },
    { option: 'auto-kernel-cmdline=on', changes: { 'board.autoKernelCommandLine': true } },
    {
      ...{ option: 'auto-kernel-cmdline=off', changes: { 'board.autoKernelCommandLine': false } },
      given: /auto-kernel-cmdline=off/,
    },
    {
      ...{ option: 'memory-backend=private', changes: { memoryBackend: 'private' } },
      given: /^(?!.*memory-backend=)/,
    },
    {
      ...{ option: 'memory-backend=shared', changes: { memoryBackend: 'shared' } },
      given: /memory-backend=memory.* memory-backend-memfd,id=memory/,
    },
    {
      ...{ option: 'memory-backend=file', changes: { memoryBackend: 'file' } },
      given: /memory-backend=memory.* memory-backend-file,id=memory/,
    },
    ...[1, 2, 4].map((vcpus) => ({
      ...{ option: `vcpus=${vcpus}`, changes: { vcpus } },
      sees: ['nproc', new RegExp(`^${vcpus}$`)] as const,
    })),
    { option: 'cpu=default', changes: { cpuModel: null } },
    {
      ...{ option: 'cpu=qemu64', changes: { cpuModel: 'qemu64' } },
      sees: ['grep "model name" /proc/cpuinfo', /QEMU Virtual CPU/],
    },
    { option: 'cpu=host', changes: {}, unavailable: 'needs KVM' },
    {
      ...{ option: 'memory=128', changes: { memoryMiB: 128 } },
      sees: ['grep MemTotal /proc/meminfo', /\s\d{5} kB/],
    },
    {
      ...{ option: 'memory=3000', changes: { memoryMiB: 3000 } },
      sees: ['grep MemTotal /proc/meminfo', /\s2\d{6} kB/],
    },
    { option: 'firmware=automatic', changes: { firmware: { kind: 'automatic' } } },
    {
      ...{ option: 'firmware=qboot', changes: { firmware: { kind: 'qboot' } } },
      given: /-bios qboot\.rom/,
      sees: ['dmesg | grep -c DMI:', /^0$/],
    },
    // With a bzImage: an ELF boots only now and then this way when it is emulated, which Nandu warns of.
    {
      ...{ option: 'firmware=seabios', changes: { firmware: { kind: 'seabios' }, ...packed } },
      sees: ['dmesg | grep DMI:', /BIOS/], // qboot makes no such table
    },
    {
      option: 'firmware=file',
      changes: {
        firmware: { kind: 'file', path: '/usr/share/seabios/bios-microvm.bin' },
        ...packed,
      },
      given: /-bios \/usr\/share\/seabios\/bios-microvm\.bin/,
    },
    { option: 'kernel=ELF', changes: { kernel: { kind: 'file', path: kernel.kernelPath } } },
    bzImage === undefined
      ? { option: 'kernel=bzImage', changes: {}, unavailable: 'set-up kept no bzImage' }
      : {
          option: 'kernel=bzImage',
          changes: { kernel: { kind: 'file', path: join(guestFolder, bzImage) } },
          given: /-kernel \S+vmlinuz/,
        },
    { option: 'initrd=default', changes: { initrd: { kind: 'default' } } },
    { option: 'initrd=file', changes: { initrd: { kind: 'file', path: initrdCopy } } },
    {
      option: 'initrd=none',
      changes: {},
      unavailable: 'Debian’s kernel has virtio_blk as a module, so it finds no disk by itself',
    },
    {
      option: 'command line of one’s own',
      changes: { kernelDefaults: false, commandLine: appended },
      sees: ['cat /proc/cmdline', /own=1/],
    },
    {
      ...{ option: 'quiet=on', changes: { quietKernel: true } },
      sees: ['cat /proc/cmdline', / quiet /],
    },
    {
      ...{ option: 'quiet=off', changes: { quietKernel: false } },
      sees: ['cat /proc/cmdline', /^(?!.* quiet )/],
    },
    { option: 'console=serial', changes: { console: 'serial' }, sees: ['tty', /ttyS0/] },
    { option: 'console=virtio', changes: { console: 'virtio' }, sees: ['tty', /hvc0/] },
    { option: 'console=both', changes: { console: 'both' }, sees: ['tty', /hvc0/] },
    { option: 'disk=raw', changes: { disks: [disk()] }, sees: firstLine },
    {
      option: 'disk=qcow2',
      changes: { disks: [disk({ path: qcow2, format: 'qcow2' })] },
      sees: firstLine,
    },
    {
      option: 'disk read-only',
      changes: { disks: [disk({ readOnly: true })] },
      sees: ['cat /sys/block/vda/ro', /^1$/],
    },
    ...['writeback', 'none', 'writethrough', 'directsync', 'unsafe'].map((cache) => ({
      ...{ option: `cache=${cache}`, changes: { disks: [disk({ cache })] } },
      sees: [
        'cat /sys/block/vda/queue/write_cache',
        /^w.*through|d.*sync/.test(cache) ? /write through/ : /write back/,
      ] as const,
    })),
    {
      option: 'disk limits',
      changes: { disks: [disk({ limits: { iops: 500, bytesPerSecond: 1_000_000 } })] },
      // 4 MiB at 1 MB/s: the guest must have waited.
      sees: [
        'read a _ </proc/uptime; dd if=/dev/vda of=/dev/null bs=1M count=4 2>/dev/null; read b _ </proc/uptime; [ ${b%.*} -gt $((${a%.*}+1)) ] && echo slow',
        /^slow$/,
      ],
    },
    {
      option: 'twelve disks',
      changes: { disks: Array.from({ length: 12 }, () => disk({ readOnly: true })) },
      sees: ['ls -d /sys/block/vd* | wc -l', /^12$/],
    },
    {
      ...{ option: 'network=offline', changes: { network: 'offline' } },
      sees: ['ls /sys/class/net', /^lo$/],
    },
    ...(['host-ports', 'internet', 'full'] as const).map((network) => ({
      ...{ option: `network=${network}`, changes: { network } },
      sees: ['ls /sys/class/net | xargs', /eth0 lo/] as const,
    })),
    { option: 'agent=on', changes: { 'devices.agent': true }, sees: [virtioIds, /0x0003/] },
    {
      option: 'agent=off',
      changes: { devices: { ...none, rng: true } },
      sees: [virtioIds, /^0x0004$/],
    },
    { option: 'rng=on', changes: { 'devices.rng': true }, sees: [virtioIds, /0x0004/] },
    { option: 'rng=off', changes: { 'devices.rng': false }, sees: [virtioIds, /^0x0003$/] },
    { option: 'balloon=on', changes: { 'devices.balloon': true }, sees: [virtioIds, /0x0005/] },
    {
      ...{ option: 'pvpanic=on', changes: { 'devices.pvpanic': true } },
      sees: ['ls /sys/bus/acpi/devices | grep -c QEMU0001', /^1$/],
    },
    services.host.vhostVsock
      ? { option: 'vsock', changes: { 'devices.vsockCid': 77 }, sees: [virtioIds, /0x0013/] }
      : { option: 'vsock', changes: {}, unavailable: 'the host has no /dev/vhost-vsock' },
  ];
}

/** The words that the machine's process was really started with. */
async function commandLine(services: Services, id: MachineId): Promise<string> {
  const run = services.manager.get(id).run;
  const record =
    run === null ? null : await readLaunchRecord(runFiles(services.paths, run.id).launchRecord);
  return (record === null ? null : commandOf(record.pid))?.join(' ') ?? '';
}

/** @param say told of each case as it ends. */
export async function bootOptions(say: (line: string) => void): Promise<OptionResults> {
  return withDataDirectory(async (folder) => {
    const services = await Services.open(folder);
    try {
      await services.host.status();
      const all = cases(services, folder);
      const failed: OptionResults['optionsFailed'] = [];
      let booted = 0;
      for (const { option, changes, sees, given, unavailable } of all) {
        if (unavailable !== undefined) continue;
        const spec = withChanges(services.spec({ quietKernel: true }), changes);
        const startedAt = performance.now();
        const { id } = await services.manager.create({ ...spec, name: 'option' });
        try {
          const guest = await GuestShell.boot(services, id);
          if (given !== undefined) {
            const words = await commandLine(services, id);
            if (!given.test(words))
              throw new Error(`its command has no ${String(given)}: ${words}`);
          }
          if (sees !== undefined) {
            const answer = await guest.ask(sees[0]);
            if (!sees[1].test(answer)) throw new Error(`“${sees[0]}” gave “${answer}”`);
          }
          booted += 1;
          say(`${option}: ${Math.round(performance.now() - startedAt)} ms`);
        } catch (error) {
          failed.push({ option, error: error instanceof Error ? error.message : String(error) });
          say(`${option}: FAILED, ${failed.at(-1)?.error}`);
        }
        await services.manager.remove(id, true);
      }
      return {
        optionsTotal: all.length,
        optionsBooted: booted,
        optionsUnavailable: all.flatMap(({ option, unavailable }) =>
          unavailable === undefined ? [] : [{ option, reason: unavailable }],
        ),
        optionsFailed: failed,
      };
    } finally {
      await services.close();
    }
  });
}

/** Boots each preset as it is, but for its accelerator. @returns milliseconds from spawn to ready. */
export async function bootPresets(say: (line: string) => void): Promise<Record<Preset, number>> {
  return withDataDirectory(async (folder) => {
    const services = await Services.open(folder);
    try {
      const times: Partial<Record<Preset, number>> = {};
      for (const preset of Object.keys(presetOptions) as Preset[]) {
        const spec: MachineSpec = {
          ...withPreset(services.spec({ name: preset }), preset),
          accelerator: 'tcg',
        };
        const { id } = await services.manager.create(spec);
        await services.manager.start(id);
        const { run } = await services.untilReady(id);
        times[preset] = Math.round(run?.boot?.totalMs ?? NaN);
        await services.manager.stop(id);
        say(`preset ${preset}: ready after ${times[preset]} ms`);
      }
      return times as Record<Preset, number>;
    } finally {
      await services.close();
    }
  });
}
