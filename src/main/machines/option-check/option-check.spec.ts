import { describe, expect, it } from 'vitest';
import {
  defaultSpec,
  presets,
  withChanges,
  withPreset,
  type Finding,
  type MachineSpec,
  type Preset,
} from '../../../shared/index.ts';
import { checkOptions, type OptionContext } from './index.ts';

const context: OptionContext = {
  missing: [],
  qemuVersion: '7.2.22',
  accelerator: 'kvm',
  kernel: { format: 'elf', pvh: true, commandLineDevices: 'no' },
  cpuCount: 4,
  tscDeadlineTimer: true,
  tscKHz: 2_596_000,
  cpuModels: ['qemu64', 'max'],
  kvmProblem: null,
  vhostVsock: true,
  fenceProblem: null,
};
const spec: MachineSpec = { ...defaultSpec, name: 'test' };
const disk: MachineSpec['disks'][number] = {
  path: '/d',
  format: 'raw',
  readOnly: false,
  cache: 'writeback',
  limits: { iops: 0, bytesPerSecond: 0 },
};
const disks = (count: number): MachineSpec['disks'] =>
  Array.from({ length: count }, (_, index) => ({ ...disk, path: `/d${index}` }));

const codes = (findings: Finding[]): string[] =>
  findings.map(({ level, code }) => `${level} ${code}`);

/** The definition after all offered mends were applied, again and again, until there is none. */
function mended(start: MachineSpec, given: OptionContext): MachineSpec {
  let current = start;
  for (let round = 0; round < 20; round += 1) {
    const next = checkOptions(current, given).find(({ mend }) => mend !== null);
    if (next?.mend == null) return current;
    current = withChanges(current, next.mend.changes);
  }
  throw new Error('the mends never end');
}

it('has nothing to say about the defaults', () => {
  expect(checkOptions(spec, context)).toEqual([]);
});

it.each(Object.keys(presets) as Preset[])('lets the preset %s start', (preset) => {
  for (const accelerator of ['kvm', 'tcg'] as const) {
    const findings = checkOptions(withPreset(spec, preset), { ...context, accelerator });
    expect(findings.filter(({ level }) => level === 'error')).toEqual([]);
  }
});

describe('what cannot work', () => {
  it.each<[string, Record<string, unknown>, Partial<OptionContext>, string[]]>([
    [
      'an ELF kernel through SeaBIOS, emulated',
      { firmware: { kind: 'seabios' } },
      { accelerator: 'tcg' },
      ['warning seabios-elf-emulated'],
    ],
    [
      'KVM although it does not work',
      { accelerator: 'kvm' },
      { kvmProblem: 'No.' },
      ['warning kvm-unusable'],
    ],
    ['an unknown CPU model', { cpuModel: 'nonsense,+x' }, {}, ['error cpu-unknown']],
    [
      'the host’s CPU, emulated',
      { cpuModel: 'host,-sgx' },
      { accelerator: 'tcg' },
      ['error cpu-host-needs-kvm'],
    ],
    ['no root file system', { initrd: { kind: 'none' } }, {}, ['warning no-root-file-system']],
    ['too little memory', { memoryMiB: 64 }, {}, ['warning little-memory']],
    ['pcie without ACPI', { 'board.pcie': 'on', 'board.acpi': false }, {}, ['error needs-acpi']],
    ['usb without ACPI', { 'board.usb': true, 'board.acpi': false }, {}, ['error needs-acpi']],
    [
      'pit off without the timer',
      { 'board.pit': 'off' },
      { tscDeadlineTimer: false },
      ['error needs-tsc-deadline-timer'],
    ],
    ['pic off with the timer', { 'board.pic': 'off' }, {}, []],
    [
      'rtc off, emulated',
      { 'board.rtc': 'off' },
      { accelerator: 'tcg' },
      ['warning rtc-off-emulated'],
    ],
    ['rtc off under KVM', { 'board.rtc': 'off' }, {}, []],
    [
      'the console on a port that is off',
      { 'board.isaSerial': false },
      {},
      ['error console-needs-serial-port'],
    ],
    [
      'SeaBIOS without option ROMs',
      { 'board.optionRoms': false, firmware: { kind: 'seabios' } },
      {},
      ['error seabios-needs-option-roms'],
    ],
    ['2 GiB with ACPI', { memoryMiB: 2048 }, {}, ['warning two-gib-with-acpi']],
    ['more vCPUs than CPUs', { vcpus: 5 }, {}, ['warning more-vcpus-than-cpus']],
    [
      'vsock without the device',
      { 'devices.vsockCid': 3 },
      { vhostVsock: false },
      ['error no-vhost-vsock'],
    ],
    [
      'own kernel options, emulated',
      { kernelDefaults: false },
      { accelerator: 'tcg' },
      ['warning tsc-calibration'],
    ],
    [
      'user network that was not built in',
      { network: 'full' },
      { missing: ['userNetwork'] },
      ['error qemu-lacks-userNetwork'],
    ],
    [
      'a port and a log that nobody tells of',
      { ready: { kind: 'port', port: 80 }, bootDetail: true, kernelDefaults: false },
      {},
      ['warning ready-port-needs-init', 'warning boot-detail-needs-init'],
    ],
    ['no ACPI in this QEMU', {}, { missing: ['acpi'] }, ['error qemu-lacks-acpi']],
  ])('%s', (_, changes, given, expected) => {
    const found = checkOptions(withChanges(spec, changes), { ...context, ...given });
    const wanted = found.filter(({ code }) => code !== 'kernel-without-command-line-devices');
    expect(codes(wanted)).toEqual(expected);
  });

  it('more virtio devices than transports, which ACPI mends where it can', () => {
    const nine: MachineSpec = { ...spec, disks: disks(7), board: { ...spec.board, acpi: false } };
    const given: OptionContext = {
      ...context,
      kernel: { format: 'elf', pvh: true, commandLineDevices: 'yes' },
    };
    expect(codes(checkOptions(nine, given))).toEqual(['error too-many-devices']);
    expect(checkOptions(mended(nine, given), given)).toEqual([]);
    expect(codes(checkOptions({ ...spec, disks: disks(22) }, context))).toEqual([]);
    const [tooMany] = checkOptions({ ...spec, disks: disks(23) }, context);
    expect(tooMany).toMatchObject({ code: 'too-many-devices', mend: null });
  });

  it('a kernel that does not read devices from its command line, without ACPI', () => {
    const without = withChanges(spec, { 'board.acpi': false });
    expect(codes(checkOptions(without, context))).toEqual([
      'error kernel-without-command-line-devices',
    ]);
    expect(mended(without, context).board.acpi).toBe(true);
    const unknown: OptionContext = {
      ...context,
      kernel: { format: 'elf', pvh: true, commandLineDevices: 'unknown' },
    };
    expect(codes(checkOptions(without, unknown))).toEqual([
      'warning kernel-may-lack-command-line-devices',
    ]);
  });

  it('a kernel’s log that would come over a port which it does not find', () => {
    const alone = withChanges(spec, {
      ...{ 'board.acpi': false, 'devices.agent': false, 'devices.rng': false },
      ...{ 'devices.balloon': false, network: 'offline', console: 'serial', disks: [] },
    });
    expect(codes(checkOptions(alone, context))).toEqual([]);
    expect(codes(checkOptions({ ...alone, bootDetail: true }, context))).toEqual([
      'error kernel-without-command-line-devices',
    ]);
  });

  it('the same writable image twice', () => {
    expect(codes(checkOptions({ ...spec, disks: [disk, disk] }, context))).toEqual([
      'error disk-twice',
    ]);
    const readOnly = { ...disk, readOnly: true };
    expect(checkOptions({ ...spec, disks: [readOnly, readOnly] }, context)).toEqual([]);
  });
});

it('offers only mends that lead to a definition without errors', () => {
  const worst = withChanges(spec, {
    ...{ 'board.acpi': false, 'board.pcie': 'on', 'board.usb': true, 'board.isaSerial': false },
    ...{ 'board.pit': 'off', 'board.pic': 'off', 'board.rtc': 'off', memoryMiB: 2048, vcpus: 200 },
    ...{ 'board.autoKernelCommandLine': false, 'board.optionRoms': false, 'devices.vsockCid': 9 },
    ...{ firmware: { kind: 'seabios' }, network: 'full', kernelDefaults: false },
  });
  for (const accelerator of ['kvm', 'tcg'] as const) {
    const given: OptionContext = {
      ...context,
      ...{
        accelerator,
        tscDeadlineTimer: false,
        vhostVsock: false,
        missing: ['userNetwork', 'usb'],
      },
    };
    expect(checkOptions(mended(worst, given), given)).toEqual([]);
  }
});

describe('the network', () => {
  const forward = (hostAddress: string): MachineSpec['portForwards'][number] => ({
    ...{ protocol: 'tcp', hostAddress, hostPort: 8080, guestPort: 80 },
  });
  const found = (change: Partial<MachineSpec>, fenceProblem: string | null = null): string[] =>
    checkOptions({ ...spec, ...change }, { ...context, fenceProblem }).map(
      ({ level, code, field }) => `${level} ${code} ${field}`,
    );

  it('says what keeps it from being fenced in, only where it is', () => {
    const unavailable = 'error network-unavailable network';
    expect(found({ network: 'internet' })).toEqual([]);
    expect(found({ network: 'internet' }, 'No nft.')).toEqual([unavailable]);
    expect(found({ network: 'full' }, 'No nft.')).toEqual([]);
  });

  it('says which forwards lead nowhere, or not for all', () => {
    const [here, all] = [forward('127.0.0.1'), forward('0.0.0.0')];
    expect(found({ network: 'offline', portForwards: [here] })).toEqual([
      'warning forwards-without-network portForwards',
    ]);
    expect(found({ network: 'host-ports', portForwards: [here] })).toEqual([]);
    expect(
      found({ network: 'host-ports', portForwards: [here, { ...all, hostPort: 8081 }] }),
    ).toEqual(['warning no-gateway-by-dhcp portForwards.1']);
    expect(found({ network: 'full', portForwards: [all] })).toEqual([]);
    expect(found({ network: 'full', portForwards: [here, all] })).toEqual([
      'error forwards-collide portForwards.1',
    ]);
  });
});
