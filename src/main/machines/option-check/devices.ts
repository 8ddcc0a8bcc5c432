/**
 * Devices: how many the board takes, whether the guest finds them, what the host must have for them.
 * Files behind them are another check's business.
 */
import type { Finding, MachineSpec } from '../../../shared/index.ts';
import { error, mend, warning, type OptionContext } from './finding.ts';

/** How many virtio devices the definition comes to. */
export function virtioDeviceCount(spec: MachineSpec): number {
  const { agent, rng, balloon, vsockCid } = spec.devices;
  // The kernel's log comes over a port as well.
  const serial = agent || spec.console !== 'serial' || spec.bootDetail;
  return [
    ...spec.disks.map(() => true),
    ...containerDevices(spec),
    spec.network !== 'offline',
    serial,
    rng,
    balloon,
    vsockCid !== null,
  ].filter(Boolean).length;
}

/** The image's root, the kept disk, and each folder. */
function containerDevices({ container }: MachineSpec): boolean[] {
  if (container === null) return [];
  return [true, container.storage === 'disk', ...container.folders.map(() => true)];
}

/** How many transports the board has (hw/i386/microvm.c: 24 on a second IO-APIC, which ACPI brings). */
export function virtioTransportCount({ acpi, ioapic2 }: MachineSpec['board']): number {
  return ioapic2 === 'on' || (acpi && ioapic2 === 'auto') ? 24 : 8;
}

/** Whether the guest finds its virtio devices at all. */
export function checkDiscovery(spec: MachineSpec, { kernel }: OptionContext): Finding[] {
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

export function checkConsole(spec: MachineSpec): Finding[] {
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

export function checkDevices(spec: MachineSpec, { vhostVsock }: OptionContext): Finding[] {
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
