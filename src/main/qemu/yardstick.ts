/**
 * The same machine on QEMU's ordinary board, q35, to compare with. Pure.
 * Must never leave an option that only microvm has, nor change what the guest is given.
 */
import type { QemuOption } from './option.ts';

/** Devices of the virtio-mmio bus end so; those of PCI end otherwise. */
const mmioDevice = /^(virtio-[a-z0-9-]+|vhost-[a-z0-9-]+)-device\b/;

/**
 * @param options of a microvm.
 * @returns the same for q35 with SeaBIOS, as a manager of ordinary machines starts it: virtio over PCI,
 *   no firmware of our choice, no options of the microvm board.
 */
export function asYardstick(options: readonly QemuOption[]): QemuOption[] {
  return options.flatMap(([name, value]): QemuOption[] => {
    if (name === '-bios') return [];
    if (name === '-global' && value === 'virtio-mmio.force-legacy=false') return [];
    if (name === '-machine') {
      const memory = value?.split(',').find((property) => property.startsWith('memory-backend='));
      return [['-machine', ['q35', ...(memory === undefined ? [] : [memory])].join(',')]];
    }
    if (name === '-device' && value !== undefined) {
      return [['-device', value.replace(mmioDevice, '$1-pci')]];
    }
    return [value === undefined ? [name] : [name, value]];
  });
}
