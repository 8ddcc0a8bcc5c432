import { describe, expect, it } from 'vitest';
import { qemuFeatures, type QemuFeature } from '../../shared/index.ts';
import type { QemuCapabilities } from './capabilities.ts';
import { describeMissing, missingFeatures } from './missing-features.ts';

const complete: QemuCapabilities = {
  version: { major: 9, minor: 0, micro: 0 },
  machineTypes: ['microvm'],
  machineProperties: ['acpi', 'pcie', 'ioapic2'],
  devices: [
    ...['sysbus-xhci', 'virtio-rng-device', 'virtio-balloon-device', 'virtio-serial-device'],
    ...['virtconsole', 'vhost-vsock-device', 'pvpanic'],
  ],
  objects: ['throttle-group', 'memory-backend-memfd'],
  netdevs: ['user'],
  cpuModels: [],
  traceEvents: ['fw_cfg_select', 'virtio_set_status', 'runstate_set'],
  sandbox: true,
  firmware: { qboot: '/q', seabios: '/s' },
};

describe('missingFeatures', () => {
  it('names each one by what it needs', () => {
    const { machineTypes, machineProperties, devices, objects, netdevs, traceEvents } = complete;
    const lists = { machineTypes, machineProperties, devices, objects, netdevs, traceEvents };
    const { qboot, seabios } = complete.firmware;
    const without = (name: string): QemuFeature[] => {
      const shortened = Object.entries(lists).map(([key, names]) => [
        key,
        names.filter((other) => other !== name),
      ]);
      return missingFeatures({
        ...complete,
        ...(Object.fromEntries(shortened) as typeof lists),
        sandbox: name !== 'sandbox',
        firmware: {
          qboot: name === 'qboot' ? null : qboot,
          seabios: name === 'seabios' ? null : seabios,
        },
      });
    };
    const needs: [string, QemuFeature][] = [
      ['microvm', 'microvm'],
      ['acpi', 'acpi'],
      ['pcie', 'pcie'],
      ['sysbus-xhci', 'usb'],
      ['ioapic2', 'ioapic2'],
      ['user', 'userNetwork'],
      ['virtio-rng-device', 'virtioRng'],
      ['virtio-balloon-device', 'virtioBalloon'],
      ['virtio-serial-device', 'virtioConsole'],
      ['virtconsole', 'virtioConsole'],
      ['vhost-vsock-device', 'vsock'],
      ['pvpanic', 'pvpanic'],
      ['throttle-group', 'throttling'],
      ['memory-backend-memfd', 'memfd'],
      ['sandbox', 'sandbox'],
      ['qboot', 'qboot'],
      ['seabios', 'seabios'],
      ['runstate_set', 'bootTracing'],
    ];
    expect(needs.map(([name]) => [name, without(name)])).toEqual(
      needs.map(([name, feature]) => [name, [feature]]),
    );
    expect(new Set(needs.map(([, feature]) => feature)).size).toBe(
      Object.keys(qemuFeatures).length,
    );
    expect(missingFeatures(complete)).toEqual([]);
  });
});

describe('describeMissing', () => {
  it.each<[QemuFeature, string, string]>([
    ['acpi', '4.2.1', 'QEMU 4.2 has no ACPI on microvm; it came with 5.2.'],
    ['microvm', '4.1.0', 'QEMU 4.1 has no microvm machine type; it came with 4.2.'],
    ['ioapic2', '5.2.0', 'QEMU 5.2 has no second IO-APIC on microvm; it came with 6.0.'],
    ['acpi', '5.2.0', 'This QEMU was built without ACPI on microvm.'],
    ['acpi', '10.0.2', 'This QEMU was built without ACPI on microvm.'],
    ['acpi', '', 'This QEMU was built without ACPI on microvm.'],
    ['userNetwork', '7.2.22', 'This QEMU was built without user-mode networking (slirp).'],
    ['sandbox', '7.2.22', 'This QEMU was built without the seccomp sandbox.'],
    ['qboot', '7.2.22', 'The qboot firmware is not installed where this QEMU looks for it.'],
    ['seabios', '4.2.0', 'SeaBIOS’s microvm build is not installed where this QEMU looks for it.'],
  ])('%s in “%s”', (feature, version, sentence) => {
    expect(describeMissing(feature, version)).toBe(sentence);
  });
});
