/**
 * Writes cpio archives in the "newc" format, the one Linux unpacks as an initramfs.
 * Owns only the bytes: it never touches the file system, and equal entries give equal bytes.
 *
 * Format: https://docs.kernel.org/driver-api/early-userspace/buffer-format.html
 */

/** One member of an archive. `path` is relative, without a leading slash; `mode` holds permission bits only. */
export type CpioEntry =
  | { type: 'directory'; path: string; mode?: number }
  | { type: 'file'; path: string; data: Uint8Array | string; mode?: number }
  | { type: 'symlink'; path: string; target: string }
  | { type: 'character' | 'block'; path: string; major: number; minor: number; mode?: number };

const FILE_TYPE_BITS = {
  directory: 0o040000,
  file: 0o100000,
  symlink: 0o120000,
  character: 0o020000,
  block: 0o060000,
} as const;
const DEFAULT_MODE = {
  directory: 0o755,
  file: 0o644,
  symlink: 0o777,
  character: 0o600,
  block: 0o600,
} as const;

const TRAILER = 'TRAILER!!!';
/** cpio(1) pads an archive to whole blocks; zeros between concatenated archives are skipped by the kernel. */
const BLOCK_BYTES = 512;
const MAX_PATH_BYTES = 4095;
const EMPTY = Buffer.alloc(0);

/**
 * Builds one archive. Owner and group are root, times are zero, inode numbers count up,
 * so the result depends on the entries alone. Several results may be concatenated:
 * later members replace earlier ones of the same path.
 *
 * @param entries members in the order the kernel shall create them (a directory before its content)
 * @throws RangeError for a path, mode or device number that the format or the kernel cannot take
 */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const parts: Buffer[] = [];
  const seen = new Set<string>();
  entries.forEach((entry, index) => {
    checkPath(entry.path);
    if (seen.has(entry.path)) throw new RangeError(`cpio: "${entry.path}" is listed twice`);
    seen.add(entry.path);
    parts.push(...member(entry, index + 1));
  });
  parts.push(
    ...record({ name: TRAILER, inode: 0, mode: 0, links: 1, data: EMPTY, major: 0, minor: 0 }),
  );
  const archive = Buffer.concat(parts);
  return Buffer.concat([archive, padding(archive.length, BLOCK_BYTES)]);
}

/** Puts every missing parent folder in front of its first member, for the kernel does not make them. */
export function withFolders(entries: readonly CpioEntry[]): CpioEntry[] {
  const known = new Set<string>();
  return entries.flatMap((entry) => {
    const parts = entry.path.split('/');
    const parents = parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
    const added = parents.filter((path) => !known.has(path));
    for (const path of [...parents, entry.path]) known.add(path);
    return [...added.map((path): CpioEntry => ({ type: 'directory', path })), entry];
  });
}

function member(entry: CpioEntry, inode: number): Buffer[] {
  const permissions =
    'mode' in entry && entry.mode !== undefined ? entry.mode : DEFAULT_MODE[entry.type];
  if (!Number.isInteger(permissions) || permissions < 0 || permissions > 0o7777) {
    throw new RangeError(`cpio: mode of "${entry.path}" must be permission bits, 0 to 0o7777`);
  }
  const isDevice = entry.type === 'character' || entry.type === 'block';
  const [major, minor] = isDevice ? [entry.major, entry.minor] : [0, 0];
  if (![major, minor].every((n) => Number.isInteger(n) && n >= 0 && n <= 0xfffff)) {
    throw new RangeError(`cpio: device number of "${entry.path}" must be whole numbers from 0`);
  }
  return record({
    name: entry.path,
    inode,
    mode: FILE_TYPE_BITS[entry.type] | permissions,
    links: entry.type === 'directory' ? 2 : 1,
    data: content(entry),
    major,
    minor,
  });
}

function content(entry: CpioEntry): Buffer {
  if (entry.type === 'symlink') {
    if (entry.target === '' || entry.target.includes('\0')) {
      throw new RangeError(`cpio: symlink "${entry.path}" needs a target`);
    }
    return Buffer.from(entry.target);
  }
  if (entry.type !== 'file') return EMPTY;
  return typeof entry.data === 'string' ? Buffer.from(entry.data) : Buffer.from(entry.data);
}

interface CpioRecord {
  name: string;
  inode: number;
  mode: number;
  links: number;
  data: Buffer;
  major: number;
  minor: number;
}

function record({ name, inode, mode, links, data, major, minor }: CpioRecord): Buffer[] {
  const nameBytes = Buffer.from(`${name}\0`);
  const fields = [
    inode,
    mode,
    0, // uid
    0, // gid
    links,
    0, // mtime
    data.length,
    0, // device of the file itself
    0,
    major,
    minor,
    nameBytes.length,
    0, // checksum, unused by newc
  ];
  const header = Buffer.from(
    `070701${fields.map((n) => n.toString(16).padStart(8, '0')).join('')}`,
  );
  return [
    header,
    nameBytes,
    padding(header.length + nameBytes.length, 4),
    data,
    padding(data.length, 4),
  ];
}

function checkPath(path: string): void {
  const isPlain = path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (
    !isPlain ||
    path.includes('\0') ||
    path === TRAILER ||
    Buffer.byteLength(path) > MAX_PATH_BYTES
  ) {
    throw new RangeError(`cpio: "${path}" is not a plain relative path`);
  }
}

function padding(length: number, alignment: number): Buffer {
  return Buffer.alloc((alignment - (length % alignment)) % alignment);
}
