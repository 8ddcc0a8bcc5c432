/**
 * Builds the part of the base initrd that belongs to one kernel: the modules a machine can need
 * before any disk is mounted, and the tables through which they are found. Loads nothing itself.
 */
import { withFolders, writeCpio, type CpioEntry } from './cpio.ts';
import {
  collectModules,
  formatModulesAlias,
  formatModulesBuiltin,
  formatModulesDep,
} from './kernel-modules.ts';

/** Without these no machine works. */
const REQUIRED_MODULES = [
  'virtio_ring',
  'virtio',
  'virtio_mmio',
  'virtio_console',
  'virtio_blk',
  'virtio_rng',
  'virtio_net',
  'squashfs',
  'overlay',
];
/** Not in every distribution's kernel; what needs one of these says so. */
const OPTIONAL_MODULES = [
  'virtio_pci',
  '9p',
  '9pnet_virtio',
  'virtio_balloon',
  'virtiofs',
  'ext4',
  // ext4 asks for it by its algorithm, which no dependency names.
  'crc32c_generic',
  'vmw_vsock_virtio_transport',
];

/**
 * @param release `uname -r` of the kernel
 * @param modulesFolder its /lib/modules/RELEASE
 * @returns an uncompressed newc archive with uncompressed modules, so that the guest unpacks nothing
 * @throws AppError see {@link collectModules}
 */
export async function buildModulesArchive(release: string, modulesFolder: string): Promise<Buffer> {
  const { modules, builtin } = await collectModules(modulesFolder, REQUIRED_MODULES, {
    optional: OPTIONAL_MODULES,
  });
  const folder = `lib/modules/${release}`;
  const file = (name: string, data: Buffer | string): CpioEntry => ({
    type: 'file',
    path: `${folder}/${name}`,
    data,
  });
  return writeCpio(
    withFolders([
      file('modules.dep', formatModulesDep(modules)),
      file('modules.alias', formatModulesAlias(modules)),
      file('modules.builtin', formatModulesBuiltin(builtin)),
      ...modules.map(({ path, data }) => file(path, data)),
    ]),
  );
}
