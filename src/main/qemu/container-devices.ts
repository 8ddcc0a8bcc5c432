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
  readonly folders: readonly SharedFolder[];
}

/** A folder of this computer that the guest sees. */
export interface SharedFolder {
  readonly hostPath: string;
  readonly readOnly: boolean;
  /** Where its virtiofsd listens; null where QEMU itself shares it, by 9p. */
  readonly socketPath: string | null;
}

/** The kind of file system that a folder is for the guest. */
export type FolderTransport = 'virtiofs' | '9p';

export function transportOf({ socketPath }: Pick<SharedFolder, 'socketPath'>): FolderTransport {
  return socketPath === null ? '9p' : 'virtiofs';
}

/** What a running machine's folder is, by its command. */
export function transportIn(argv: readonly string[], index: number): FolderTransport {
  return argv.includes(virtiofsDevice(index)) ? 'virtiofs' : '9p';
}

/** Whether QEMU must keep the guest's memory where another process can have it, too. */
export function needsSharedMemory(container: ContainerDevices | null): boolean {
  return container?.folders.some((folder) => transportOf(folder) === 'virtiofs') === true;
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
    ...folders.flatMap(folderOptions),
  ];
}

function folderOptions(
  { hostPath, readOnly, socketPath }: SharedFolder,
  index: number,
): QemuOption[] {
  const tag = folderTag(index);
  if (socketPath !== null) {
    return [
      ['-chardev', `socket,id=${tag},path=${escapeValue(socketPath)}`],
      ['-device', virtiofsDevice(index)],
    ];
  }
  return [
    [
      '-fsdev',
      // As the person who runs it: what the guest makes belongs to them, whoever made it in there. QEMU
      // itself follows no link that the guest makes (hw/9pfs/9p-local.c opens every step with O_NOFOLLOW).
      `local,id=${tag},path=${escapeValue(hostPath)},security_model=none,multidevs=remap${readOnly ? ',readonly=on' : ''}`,
    ],
    ['-device', `virtio-9p-device,fsdev=${tag},mount_tag=${tag}`],
  ];
}

function virtiofsDevice(index: number): string {
  const tag = folderTag(index);
  return `vhost-user-fs-device,chardev=${tag},tag=${tag},queue-size=1024`;
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
