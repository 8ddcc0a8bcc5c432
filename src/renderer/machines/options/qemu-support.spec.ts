import { expect, it } from 'vitest';
import type { HostStatus, QemuInfo } from '../../../shared/index.ts';
import { chosenQemu, whyMissing, whyNot } from './qemu-support.ts';

const qemu = (path: string, version: string, missing: QemuInfo['missing'] = []): QemuInfo => ({
  ...{ path, version, missing, cpuModels: [], problem: null },
});
const old = qemu('/old', '5.2.0', ['usb', 'ioapic2', 'userNetwork', 'pcie']);
const host = { qemus: [qemu('/usr/bin/qemu', '7.2.22'), old] } as unknown as HostStatus;

it('takes the first QEMU for the default one, and knows no stranger', () => {
  const paths = [null, '/old', '/elsewhere'];
  expect(paths.map((path) => chosenQemu(host, path)?.version)).toEqual([
    '7.2.22',
    '5.2.0',
    undefined,
  ]);
  expect(chosenQemu(null, null)).toBeNull();
});

it('says which release brings what is missing, or that it was left out of this build', () => {
  expect([
    whyNot(old, 'board.ioapic2', 'on'),
    whyNot(old, 'board.pcie', 'on'),
    whyNot(old, 'network', 'full'),
    whyMissing(qemu('/x', '', ['ioapic2']), 'ioapic2'),
  ]).toEqual([
    'Needs QEMU 6.0 or newer; this is 5.2.0.',
    'QEMU 5.2.0 was built without PCI Express on microvm.',
    'QEMU 5.2.0 was built without user-mode networking (slirp).',
    'Needs QEMU 6.0 or newer.',
  ]);
});

it('forbids nothing else: not the value that turns it off, and nothing while QEMU is unknown', () => {
  expect([
    whyNot(old, 'board.usb', false),
    whyNot(old, 'board.ioapic2', 'auto'),
    whyNot(old, 'board.acpi', true),
    whyNot(null, 'board.ioapic2', 'on'),
  ]).toEqual([null, null, null, null]);
});
