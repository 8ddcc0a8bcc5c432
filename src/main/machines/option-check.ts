/**
 * Says before a start what cannot work, why, and what change mends it. Pure: everything it knows about the
 * host is given to it, and it changes nothing.
 */
import {
  qemuFeatures,
  type Accelerator,
  type Finding,
  type MachineSpec,
  type QemuFeature,
} from '../../shared/index.ts';
import type { KernelFacts } from '../images/index.ts';

/** The host as a definition is held against it. */
export interface OptionContext {
  /** What the chosen QEMU lacks. */
  readonly missing: readonly QemuFeature[];
  readonly qemuVersion: string;
  /** What `auto` comes to here. */
  readonly accelerator: Accelerator;
  /** Null when the kernel could not be read; that is another complaint's business. */
  readonly kernel: KernelFacts | null;
  readonly cpuCount: number;
  /** Whether the host's CPU has the TSC deadline timer (/proc/cpuinfo). */
  readonly tscDeadlineTimer: boolean;
  /** What `-cpu` knows; empty when the QEMU could not be asked. */
  readonly cpuModels: readonly string[];
  /** Why KVM does not work here; null when it does, or that is not known yet. */
  readonly kvmProblem: string | null;
  /** Whether /dev/vhost-vsock can be opened. */
  readonly vhostVsock: boolean;
}

/** Debian's 6.1 as ELF with Nandu's initrd: 128 MiB boots, 64 hangs, 32 resets. */
const comfortableMiB = 128;

type Mend = Finding['mend'];

const mend = (label: string, changes: Record<string, unknown>): Mend => ({ label, changes });
const error = (code: string, field: string, message: string, how: Mend = null): Finding => ({
  ...{ level: 'error', code, field, message, mend: how },
});
const warning = (code: string, field: string, message: string, how: Mend = null): Finding => ({
  ...{ level: 'warning', code, field, message, mend: how },
});

/** All complaints, errors first. */
export function checkOptions(spec: MachineSpec, context: OptionContext): Finding[] {
  const findings = [
    ...checkFeatures(spec, context),
    ...checkBoard(spec),
    ...checkTimers(spec, context),
    ...checkFirmware(spec, context),
    ...checkDiscovery(spec, context),
    ...checkConsole(spec),
    ...checkProcessor(spec, context),
    ...checkRoot(spec),
    ...checkSize(spec, context),
    ...checkDevices(spec, context),
  ];
  return findings.sort((a, b) => Number(a.level !== 'error') - Number(b.level !== 'error'));
}

/** How many virtio devices the definition comes to. */
export function virtioDeviceCount(spec: MachineSpec): number {
  const { agent, rng, balloon, vsockCid } = spec.devices;
  const serial = agent || spec.console !== 'serial';
  return [
    ...spec.disks.map(() => true),
    spec.network !== 'none',
    serial,
    rng,
    balloon,
    vsockCid !== null,
  ].filter(Boolean).length;
}

/** How many transports the board has (hw/i386/microvm.c: 24 on a second IO-APIC, which ACPI brings). */
export function virtioTransportCount({ acpi, ioapic2 }: MachineSpec['board']): number {
  return ioapic2 === 'on' || (acpi && ioapic2 === 'auto') ? 24 : 8;
}

/** The definition's wishes that need a feature of QEMU. */
function checkFeatures(spec: MachineSpec, { missing, qemuVersion }: OptionContext): Finding[] {
  const { board, devices } = spec;
  const uses: [QemuFeature, boolean, string, Mend][] = [
    ['microvm', true, 'qemuPath', null],
    ['acpi', board.acpi, 'board.acpi', mend('Turn ACPI off', { 'board.acpi': false })],
    ['pcie', board.pcie === 'on', 'board.pcie', mend('Leave PCIe out', { 'board.pcie': 'auto' })],
    ['usb', board.usb, 'board.usb', mend('Leave USB out', { 'board.usb': false })],
    [
      'ioapic2',
      board.ioapic2 === 'on',
      'board.ioapic2',
      mend('Leave it to QEMU', { 'board.ioapic2': 'auto' }),
    ],
    [
      'userNetwork',
      spec.network === 'user',
      'network',
      mend('Use no network', { network: 'none' }),
    ],
    [
      'virtioRng',
      devices.rng,
      'devices.rng',
      mend('Leave the device out', { 'devices.rng': false }),
    ],
    [
      'virtioBalloon',
      devices.balloon,
      'devices.balloon',
      mend('Leave the device out', { 'devices.balloon': false }),
    ],
    [
      'virtioConsole',
      spec.console !== 'serial' || devices.agent,
      spec.console === 'serial' ? 'devices.agent' : 'console',
      mend('Use the serial console alone', {
        console: 'serial',
        'board.isaSerial': true,
        'devices.agent': false,
      }),
    ],
    [
      'vsock',
      devices.vsockCid !== null,
      'devices.vsockCid',
      mend('Leave vsock out', { 'devices.vsockCid': null }),
    ],
    [
      'pvpanic',
      devices.pvpanic,
      'devices.pvpanic',
      mend('Leave the device out', { 'devices.pvpanic': false }),
    ],
    ['throttling', spec.disks.length > 0, 'disks', null],
    [
      'memfd',
      spec.memoryBackend === 'shared',
      'memoryBackend',
      mend('Use private memory', { memoryBackend: 'private' }),
    ],
    [
      'qboot',
      spec.firmware.kind === 'qboot',
      'firmware',
      mend('Leave it to QEMU', { firmware: { kind: 'automatic' } }),
    ],
    [
      'seabios',
      spec.firmware.kind === 'seabios',
      'firmware',
      mend('Leave it to QEMU', { firmware: { kind: 'automatic' } }),
    ],
  ];
  return uses
    .filter(([feature, used]) => used && missing.includes(feature))
    .map(([feature, , field, how]) => {
      const { title, since } = qemuFeatures[feature];
      const origin =
        since === '' ? 'it was built without' : `it came with QEMU ${since}, if built in`;
      return error(
        `qemu-lacks-${feature}`,
        field,
        `QEMU ${qemuVersion} here does not have ${title}: ${origin}.`,
        how,
      );
    });
}

function checkBoard({ board, firmware }: MachineSpec): Finding[] {
  const findings: Finding[] = [];
  for (const [name, title, on] of [
    ['pcie', 'PCI Express', board.pcie === 'on'],
    ['usb', 'USB', board.usb],
  ] as const) {
    if (on && !board.acpi) {
      findings.push(
        error(
          'needs-acpi',
          `board.${name}`,
          `${title} on microvm is described to the guest by ACPI, which is off.`,
          mend('Turn ACPI on', { 'board.acpi': true }),
        ),
      );
    }
  }
  if (!board.optionRoms && firmware.kind === 'seabios') {
    findings.push(
      error(
        'seabios-needs-option-roms',
        'board.optionRoms',
        'SeaBIOS starts the kernel through an option ROM; without it nothing boots.',
        mend('Use qboot', { firmware: { kind: 'qboot' } }),
      ),
    );
  }
  if (!board.optionRoms && firmware.kind === 'automatic' && board.acpi) {
    findings.push(
      warning(
        'automatic-firmware-may-need-option-roms',
        'board.optionRoms',
        'With ACPI QEMU’s own choice of firmware is SeaBIOS unless the distribution changed that, and SeaBIOS starts the kernel through an option ROM.',
        mend('Use qboot', { firmware: { kind: 'qboot' } }),
      ),
    );
  }
  return findings;
}

function checkTimers(spec: MachineSpec, context: OptionContext): Finding[] {
  const { board } = spec;
  const emulated = context.accelerator === 'tcg';
  const findings: Finding[] = [];
  const without = (['pit', 'pic'] as const).filter((name) => board[name] === 'off');
  const [first] = without;
  if (first !== undefined && !emulated && !context.tscDeadlineTimer) {
    findings.push(
      error(
        'needs-tsc-deadline-timer',
        `board.${first}`,
        `Without ${without.map((name) => name.toUpperCase()).join(' and ')} a guest under KVM keeps time by the TSC deadline timer, which this computer’s CPU does not have.`,
        mend('Turn them on', { 'board.pit': 'auto', 'board.pic': 'auto' }),
      ),
    );
  }
  if (board.rtc === 'off' && emulated) {
    findings.push(
      warning(
        'rtc-off-emulated',
        'board.rtc',
        'Without an RTC a guest reads the time from kvm-clock, which emulation does not have: its clock starts in 1970, and the boot takes about a second longer.',
        mend('Turn the RTC on', { 'board.rtc': 'auto' }),
      ),
    );
  }
  if (emulated && !spec.kernelDefaults && !/\btsc_early_khz=/.test(spec.commandLine)) {
    findings.push(
      warning(
        'tsc-calibration',
        'commandLine',
        'Emulated, about half of all boots hang at “could not calculate TSC khz” unless the kernel is told: tsc_early_khz=2000000 lpj=4000000.',
        mend('Add the options', {
          commandLine: `${spec.commandLine} tsc_early_khz=2000000 lpj=4000000`.trim(),
        }),
      ),
    );
  }
  return findings;
}

/** Seen with Debian 12's SeaBIOS 1.16.2 and 6.1 kernel: 3 of 6 boots panicked in start_kernel; as bzImage 0 of 9. */
function checkFirmware(spec: MachineSpec, { accelerator, kernel }: OptionContext): Finding[] {
  const named =
    spec.firmware.kind === 'seabios' ||
    (spec.firmware.kind === 'file' && /bios-microvm/.test(spec.firmware.path));
  if (!named || accelerator !== 'tcg' || kernel?.format !== 'elf') return [];
  return [
    warning(
      'seabios-elf-emulated',
      'firmware',
      'Emulated, about half of the boots of an ELF kernel through SeaBIOS end in an early panic. qboot starts it reliably, and SeaBIOS a bzImage.',
      mend('Use qboot', { firmware: { kind: 'qboot' } }),
    ),
  ];
}

/** Whether the guest finds its virtio devices at all. */
function checkDiscovery(spec: MachineSpec, { kernel }: OptionContext): Finding[] {
  const { board } = spec;
  const count = virtioDeviceCount(spec);
  const findings: Finding[] = [];
  const transports = virtioTransportCount(board);
  if (count > transports) {
    findings.push(
      error(
        'too-many-devices',
        'disks',
        `The definition comes to ${count} virtio devices, but this board has ${transports} transports.`,
        transports < 24 && count <= 24
          ? mend('Turn ACPI and the second IO-APIC on', {
              'board.acpi': true,
              'board.ioapic2': 'auto',
            })
          : null,
      ),
    );
  }
  if (board.acpi || count === 0) return findings;
  const turnOn = mend('Turn ACPI on', { 'board.acpi': true });
  if (kernel?.commandLineDevices === 'no') {
    findings.push(
      error(
        'kernel-without-command-line-devices',
        'board.acpi',
        'Without ACPI the devices are told on the kernel command line, which this kernel does not read (CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES is not set): it would see none of them.',
        turnOn,
      ),
    );
  } else if (kernel?.commandLineDevices === 'unknown') {
    findings.push(
      warning(
        'kernel-may-lack-command-line-devices',
        'board.acpi',
        'Without ACPI only a kernel with CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES sees its devices; this one does not tell whether it has it.',
        turnOn,
      ),
    );
  }
  if (!board.autoKernelCommandLine && !/\bvirtio_mmio\.device=/.test(spec.commandLine)) {
    findings.push(
      error(
        'devices-not-announced',
        'board.autoKernelCommandLine',
        'Without ACPI and without QEMU’s additions to the kernel command line nobody tells the guest where its devices are.',
        mend('Let QEMU add them', { 'board.autoKernelCommandLine': true }),
      ),
    );
  }
  return findings;
}

function checkConsole(spec: MachineSpec): Finding[] {
  if (spec.board.isaSerial || spec.console === 'virtio') return [];
  return [
    error(
      'console-needs-serial-port',
      'console',
      'The console is on a serial port that the board does not have.',
      mend('Use the virtio console', { console: 'virtio' }),
    ),
  ];
}

function checkProcessor(
  { accelerator: wanted, cpuModel }: MachineSpec,
  { accelerator, cpuModels, kvmProblem }: OptionContext,
): Finding[] {
  const findings: Finding[] = [];
  if (wanted === 'kvm' && kvmProblem !== null) {
    findings.push(
      warning(
        'kvm-unusable',
        'accelerator',
        `KVM does not boot a guest here. ${kvmProblem}`,
        mend('Choose automatically', { accelerator: 'auto' }),
      ),
    );
  }
  if (cpuModel === null) return findings;
  const [name = ''] = cpuModel.split(',');
  const fallBack = mend('Use the default', { cpuModel: null });
  if (name === 'host' && accelerator === 'tcg') {
    findings.push(
      error('cpu-host-needs-kvm', 'cpuModel', 'The CPU model “host” needs KVM.', fallBack),
    );
  } else if (cpuModels.length > 0 && !['host', 'max', ...cpuModels].includes(name)) {
    const message = `This QEMU knows no CPU model “${name}”.`;
    findings.push(error('cpu-unknown', 'cpuModel', message, fallBack));
  }
  return findings;
}

/** Distributions' kernels have their disk drivers as modules, which an initrd brings. */
function checkRoot(spec: MachineSpec): Finding[] {
  const findings: Finding[] = [];
  if (spec.kernel.kind !== 'default') return findings;
  if (spec.initrd.kind === 'none') {
    findings.push(
      warning(
        'no-root-file-system',
        'initrd',
        'Without an initrd this kernel has no driver for a disk, so it finds no root file system and panics.',
        mend('Use Nandu’s initrd', { initrd: { kind: 'default' } }),
      ),
    );
  } else if (spec.memoryMiB < comfortableMiB) {
    findings.push(
      warning(
        'little-memory',
        'memoryMiB',
        `This kernel and an initrd need about ${comfortableMiB} MiB; with less they may hang or restart without a word.`,
        mend(`Use ${comfortableMiB} MiB`, { memoryMiB: comfortableMiB }),
      ),
    );
  }
  return findings;
}

function checkSize(spec: MachineSpec, { cpuCount, accelerator }: OptionContext): Finding[] {
  const findings: Finding[] = [];
  if (spec.vcpus > 255 && accelerator === 'tcg') {
    findings.push(
      error(
        'too-many-vcpus-emulated',
        'vcpus',
        'More than 255 vCPUs need the interrupt controller of KVM; emulation does not have it.',
        mend(`Use ${Math.min(255, cpuCount)}`, { vcpus: Math.min(255, cpuCount) }),
      ),
    );
  }
  if (spec.memoryMiB === 2048 && spec.board.acpi) {
    findings.push(
      warning(
        'two-gib-with-acpi',
        'memoryMiB',
        'A guest with exactly 2 GiB of memory and ACPI can hang (microvm.nix issue 171).',
        mend('Use 2047 MiB', { memoryMiB: 2047 }),
      ),
    );
  }
  if (spec.vcpus > cpuCount) {
    findings.push(
      warning(
        'more-vcpus-than-cpus',
        'vcpus',
        `This computer has ${cpuCount} CPUs: more vCPUs than that only wait for each other.`,
        mend(`Use ${cpuCount}`, { vcpus: cpuCount }),
      ),
    );
  }
  return findings;
}

function checkDevices(spec: MachineSpec, { vhostVsock }: OptionContext): Finding[] {
  const findings: Finding[] = [];
  if (spec.devices.vsockCid !== null && !vhostVsock) {
    findings.push(
      error(
        'no-vhost-vsock',
        'devices.vsockCid',
        'vsock needs the host’s /dev/vhost-vsock, which is not there or not yours to use. “modprobe vhost_vsock” brings it.',
        mend('Leave vsock out', { 'devices.vsockCid': null }),
      ),
    );
  }
  const writers = spec.disks.filter((disk) => !disk.readOnly).map((disk) => disk.path);
  spec.disks.forEach((disk, index) => {
    if (spec.disks.findIndex(({ path }) => path === disk.path) !== index) {
      if (!writers.includes(disk.path)) return;
      findings.push(
        error(
          'disk-twice',
          `disks.${index}.path`,
          'The same image is attached twice and written to, which would damage it.',
        ),
      );
    }
  });
  return findings;
}
