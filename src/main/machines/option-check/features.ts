/**
 * Holds a definition's wishes against what the chosen QEMU was probed to have.
 * Never concludes anything from a version.
 */
import {
  qemuFeatures,
  type Finding,
  type MachineSpec,
  type QemuFeature,
} from '../../../shared/index.ts';
import { error, mend, type Mend, type OptionContext } from './finding.ts';

/** The definition's wishes that need a feature of QEMU. */
export function checkFeatures(
  spec: MachineSpec,
  { missing, qemuVersion }: OptionContext,
): Finding[] {
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
      spec.network !== 'offline',
      'network',
      mend('Use no network', { network: 'offline' }),
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
