/**
 * Says before a start what is wrong with the files that a definition names, besides kernel and initrd.
 * Opens them only to look; what QEMU finds inside an image is QEMU's to say.
 */
import { constants, type Stats } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import type { Disk, Finding, Folder, MachineSpec } from '../../shared/index.ts';

/** The first bytes of every qcow2 image (QEMU docs/interop/qcow2.rst). */
const qcow2Magic = Buffer.from([0x51, 0x46, 0x49, 0xfb]);
/** QEMU takes no other sizes (hw/i386/x86.c, x86_bios_rom_init), and maps it below 4 GiB. */
const firmwareUnitBytes = 64 * 1024;
const maxFirmwareBytes = 16 * 1024 * 1024;

/** All complaints about a definition's disks and firmware file. */
export async function checkFiles(spec: MachineSpec): Promise<Finding[]> {
  const disks = await Promise.all(spec.disks.map(checkDisk));
  const folders = await Promise.all((spec.container?.folders ?? []).map(checkFolder));
  return [...(await checkFirmware(spec)), ...disks.flat(), ...folders.flat()];
}

/** A kept disk only ever grows: what is on it would be cut off otherwise. */
export async function checkKeptDisk({ container }: MachineSpec, path: string): Promise<Finding[]> {
  if (container?.storage !== 'disk') return [];
  const found = await stat(path).catch(() => null); // it is made at the first start
  const mib = 1024 * 1024;
  if (found === null || found.size <= container.diskMiB * mib) return [];
  return [
    {
      ...{ level: 'warning', code: 'kept-disk-larger', field: 'container.diskMiB', mend: null },
      message: `The machine’s kept disk has ${Math.round(found.size / mib)} MiB already. It can grow, not shrink.`,
    },
  ];
}

/** A folder that is shared with a container. */
async function checkFolder({ hostPath, readOnly }: Folder, index: number): Promise<Finding[]> {
  const field = `container.folders.${index}.hostPath`;
  const refuse = (code: string, message: string): Finding[] => [
    { level: 'error', code, field, message, mend: null },
  ];
  try {
    const stats = await stat(hostPath);
    if (!stats.isDirectory()) return refuse('folder-not-one', `“${hostPath}” is not a folder.`);
    await access(hostPath, constants.R_OK | constants.X_OK | (readOnly ? 0 : constants.W_OK));
    return [];
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return refuse('folder-missing', `There is no folder “${hostPath}” on this computer.`);
    }
    return refuse(
      'folder-forbidden',
      readOnly || code !== 'EACCES'
        ? `You may not read the folder “${hostPath}” (${code ?? 'error'}).`
        : `You may not write to the folder “${hostPath}”. Share it read-only, or choose another.`,
    );
  }
}

async function checkDisk(disk: Disk, index: number): Promise<Finding[]> {
  const { path, format, readOnly } = disk;
  const field = `disks.${index}.path`;
  const found = await look(path, field, 'disk');
  if ('code' in found) return [found];
  // QEMU's driver for files takes nothing else (block/file-posix.c).
  if (!found.isFile()) {
    return [error('disk-no-image', field, `“${path}” is ${kindOf(found)}, not a disk image.`)];
  }
  if (!(await may(path, constants.R_OK))) {
    return [error('disk-unreadable', field, `You may not read “${path}”.`)];
  }
  const findings: Finding[] = [];
  if (!readOnly && !(await may(path, constants.W_OK))) {
    findings.push(
      error('disk-not-writable', field, `You may not write to “${path}”.`, 'Attach it read-only', {
        [`disks.${index}.readOnly`]: true,
      }),
    );
  }
  const header = await readHeader(path);
  if (header === null) {
    return [error('disk-unreadable', field, `“${path}” cannot be read.`)];
  }
  const isQcow2 = header.subarray(0, 4).equals(qcow2Magic);
  const formatField = `disks.${index}.format`;
  if (format === 'raw' && isQcow2) {
    // No more than a warning, and no mend where it would make QEMU open other files: a guest can write
    // such a header into a raw disk of its own, to be offered the host's files.
    const alone = namesNoOtherFile(header);
    findings.push({
      ...error(
        ...(['disk-is-qcow2', formatField] as const),
        alone
          ? `“${path}” begins as a qcow2 image does. Attached as raw, its content is destroyed when the guest writes over that.`
          : `“${path}” begins as a qcow2 image that names other files. Unless you made it yourself, its guest may have written that to reach them: leave it raw.`,
      ),
      mend: alone ? { label: 'Use qcow2', changes: { [formatField]: 'qcow2' } } : null,
      level: 'warning',
    });
  }
  if (format === 'qcow2' && !isQcow2) {
    findings.push(
      error(
        ...(['disk-not-qcow2', formatField, `“${path}” is not a qcow2 image.`] as const),
        ...(['Use raw', { [formatField]: 'raw' }] as const),
      ),
    );
  }
  if (format === 'raw' && found.size === 0) {
    findings.push({
      ...error('disk-empty', field, `“${path}” is empty: the guest gets a disk of no size.`),
      level: 'warning',
    });
  }
  return findings;
}

async function checkFirmware({ firmware }: MachineSpec): Promise<Finding[]> {
  if (firmware.kind !== 'file') return [];
  const { path } = firmware;
  const automatic = ['Leave it to QEMU', { firmware: { kind: 'automatic' } }] as const;
  const found = await look(path, 'firmware', 'firmware');
  if ('code' in found) return [found];
  if (!found.isFile()) {
    const message = `“${path}” is ${kindOf(found)}, not a firmware image.`;
    return [error('firmware-no-image', 'firmware', message, ...automatic)];
  }
  if (!(await may(path, constants.R_OK))) {
    return [error('firmware-unreadable', 'firmware', `You may not read “${path}”.`, ...automatic)];
  }
  const { size } = found;
  if (size === 0 || size > maxFirmwareBytes || size % firmwareUnitBytes !== 0) {
    const message = `“${path}” is not a firmware image: those are a multiple of 64 KiB long, and at most 16 MiB.`;
    return [error('firmware-no-image', 'firmware', message, ...automatic)];
  }
  return [];
}

async function look(path: string, field: string, what: string): Promise<Stats | Finding> {
  try {
    return await stat(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    return error(
      ...([`${what}-${missing ? 'missing' : 'unreadable'}`, field] as const),
      missing ? `There is no file “${path}”.` : `“${path}” cannot be read (${code ?? 'error'}).`,
    );
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  return stats.isBlockDevice() || stats.isCharacterDevice() ? 'a device' : 'a special file';
}

async function may(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false, // which is the answer
  );
}

/** The first 80 bytes, zeros where there are fewer; null when it cannot be read after all. */
async function readHeader(path: string): Promise<Buffer | null> {
  try {
    const file = await open(path, 'r');
    try {
      const data = Buffer.alloc(80);
      await file.read(data, 0, data.byteLength, 0);
      return data;
    } finally {
      await file.close();
    }
  } catch {
    return null; // which is the answer
  }
}

/** Neither a backing file nor an external data file (QEMU docs/interop/qcow2.rst, “Header”). */
function namesNoOtherFile(header: Buffer): boolean {
  const version = header.readUInt32BE(4);
  const externalData = version >= 3 && (header.readBigUInt64BE(72) & 4n) !== 0n;
  return header.readBigUInt64BE(8) === 0n && !externalData;
}

function error(
  code: string,
  field: string,
  message: string,
  label?: string,
  changes?: Record<string, unknown>,
): Finding {
  const mend = label === undefined || changes === undefined ? null : { label, changes };
  return { level: 'error', code, field, message, mend };
}
