/**
 * The devices of a machine that runs a container: the image's root, the kept disk, the host's folders. Pure.
 * The guest knows the disks by their serial numbers and the folders by their tags (resources/guest/agent/root.c).
 */
import { escapeValue, type QemuOption } from './option.ts';

/** What a container's machine has beside what every machine has. */
export interface ContainerDevices {
  /** The image's squashfs; many machines may read it at once. */
  readonly rootPath: string;
  /** A raw disk with an ext4, or null where what is written stays in the guest's memory. */
  readonly keptDiskPath: string | null;
  readonly folders: readonly { readonly hostPath: string; readonly readOnly: boolean }[];
}

/** A folder's mount tag. */
export function folderTag(index: number): string {
  return `folder${index}`;
}

/** The options, in the order in which the guest shall find them. */
export function containerOptions({
  rootPath,
  keptDiskPath,
  folders,
}: ContainerDevices): QemuOption[] {
  return [
    ...blockDevice('root', 'nandu-root', rootPath, true),
    ...(keptDiskPath === null ? [] : blockDevice('kept', 'nandu-kept', keptDiskPath, false)),
    ...folders.flatMap(({ hostPath, readOnly }, index): QemuOption[] => [
      [
        '-fsdev',
        // As the person who runs it: what the guest makes belongs to them, whoever made it in there. QEMU
        // itself follows no link that the guest makes (hw/9pfs/9p-local.c opens every step with O_NOFOLLOW).
        `local,id=${folderTag(index)},path=${escapeValue(hostPath)},security_model=none,multidevs=remap${readOnly ? ',readonly=on' : ''}`,
      ],
      ['-device', `virtio-9p-device,fsdev=${folderTag(index)},mount_tag=${folderTag(index)}`],
    ]),
  ];
}

function blockDevice(node: string, serial: string, path: string, readOnly: boolean): QemuOption[] {
  const options = {
    ...{ 'node-name': node, driver: 'raw', 'read-only': readOnly },
    ...(readOnly ? {} : { discard: 'unmap' }),
    file: {
      ...{ driver: 'file', filename: path, 'read-only': readOnly },
      ...(readOnly ? {} : { discard: 'unmap' }),
    },
  };
  return [
    ['-blockdev', JSON.stringify(options)],
    ['-device', `virtio-blk-device,drive=${node},serial=${serial}`],
  ];
}
