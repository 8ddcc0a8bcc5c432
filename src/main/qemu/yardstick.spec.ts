import { expect, it } from 'vitest';
import { asYardstick } from './yardstick.ts';

it('leaves nothing of microvm, and all that the guest is given', () => {
  expect(
    asYardstick([
      ['-nodefaults'],
      ['-machine', 'microvm,acpi=off,pit=off,memory-backend=memory'],
      ['-bios', 'qboot.rom'],
      ['-kernel', '/k/virtio-x-device'],
      ['-global', 'virtio-mmio.force-legacy=false'],
      ['-global', 'other.x=y'],
      ['-device', 'virtio-serial-device'],
      ['-device', 'virtio-blk-device,drive=disk0,write-cache=off'],
      ['-device', 'vhost-user-fs-device,tag=a'],
      ['-device', 'virtserialport,chardev=agent'],
      ['-device', 'pvpanic'],
    ]),
  ).toEqual([
    ['-nodefaults'],
    ['-machine', 'q35,memory-backend=memory'],
    ['-kernel', '/k/virtio-x-device'],
    ['-global', 'other.x=y'],
    ['-device', 'virtio-serial-pci'],
    ['-device', 'virtio-blk-pci,drive=disk0,write-cache=off'],
    ['-device', 'vhost-user-fs-pci,tag=a'],
    ['-device', 'virtserialport,chardev=agent'],
    ['-device', 'pvpanic'],
  ]);
});
