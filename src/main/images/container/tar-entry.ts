/**
 * What one entry of a layer's tar is, and how it is written anew. Everything but its names passes through
 * as bytes: owner, times, modes and extended attributes come out exactly as they went in.
 */
import { refused } from './refusal.ts';
import { tameTimes } from './tar-attributes.ts';

export const blockBytes = 512;
/** NAME_MAX of Linux. */
const maxComponentBytes = 255;
/** Far deeper than any image is, and shallow enough that looking at all parents costs nothing. */
const maxDepth = 256;

/** POSIX pax keywords of an entry, in order; values are bytes, because extended attributes need not be text. */
export type PaxRecords = ReadonlyMap<string, Buffer>;

export type TarKind =
  'file' | 'hardlink' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo';

/** An entry without its content. */
export interface TarEntry {
  /** Relative to the root, without `.`, `..` or empty parts; empty for the root itself. */
  readonly path: string;
  readonly kind: TarKind;
  /** As {@link path} for a hard link; as it stands for a symbolic one; empty otherwise. */
  readonly linkPath: string;
  /** Bytes of content that follow in the archive. */
  readonly sizeBytes: number;
  /** Bytes of the file once it is unpacked; more than {@link sizeBytes} where it has holes. */
  readonly realBytes: number;
  /** The header block, and for old GNU sparse files the blocks that extend it. */
  readonly header: Buffer;
  readonly pax: PaxRecords;
}

const kinds: Readonly<Record<string, TarKind>> = {
  ...{ '0': 'file', '\0': 'file', '7': 'file', S: 'file' },
  ...{
    '1': 'hardlink',
    '2': 'symlink',
    '3': 'character',
    '4': 'block',
    '5': 'directory',
    '6': 'fifo',
  },
};

/** @throws AppError for a type that no container tool writes. */
export function kindOf(flag: string, rawPath: string): TarKind {
  const kind = kinds[flag];
  if (kind === undefined) {
    throw refused(`it has an entry of the unknown type “${flag}”`, { path: rawPath });
  }
  // Old tars mark a folder by its name alone.
  return kind === 'file' && rawPath.endsWith('/') ? 'directory' : kind;
}

/**
 * A name as it lies below the root.
 * @throws AppError for one that would leave it.
 */
export function safePath(raw: string): string {
  // It would end the name for the kernel and for no one else.
  if (raw.includes('\0')) throw refused('one of its names has a NUL in it');
  const parts = raw.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length > maxDepth || parts.some((part) => part.length > maxComponentBytes)) {
    throw refused('one of its names is longer or deeper than Linux allows', {
      path: raw.slice(0, 200),
    });
  }
  if (parts.includes('..')) throw refused('one of its names leads out of the root', { path: raw });
  return parts.join('/');
}

/** The blocks that stand before the entry's content; under another name where one is given. */
export function encodeEntry(
  entry: TarEntry,
  change: Partial<Pick<TarEntry, 'path' | 'kind' | 'linkPath'>> = {},
): Buffer {
  const { path, kind, linkPath } = { ...entry, ...change };
  const header = Buffer.from(entry.header);
  const pax = new Map([...entry.pax].filter(([keyword]) => isPassedOn(keyword, kind)));
  tameTimes(header, pax);
  if (pax.has('GNU.sparse.name')) pax.set('GNU.sparse.name', Buffer.from(path, 'latin1'));
  const name = kind === 'directory' ? `${path}/` : path;
  putName(header, 0, name === '' || name === '/' ? './' : name, pax, 'path');
  putName(header, 157, kind === 'hardlink' || kind === 'symlink' ? linkPath : '', pax, 'linkpath');
  if (change.kind === 'hardlink') {
    header.write('1', 156, 'latin1');
    pax.delete('size');
  }
  if (kind !== 'file') header.write('00000000000\0', 124, 'latin1');
  // The old format's prefix; GNU keeps times and sparse maps there, which its own magic tells.
  if (header.toString('latin1', 257, 263) === 'ustar\0') header.fill(0, 345, 500);
  seal(header);
  return pax.size === 0 ? header : Buffer.concat([encodePax(pax), header]);
}

/** What is passed on of an entry's records; its names and times are written anew. */
const passedOn = {
  numbers: new Set(['size', 'uid', 'gid']),
  attributes: ['SCHILY.xattr.', 'LIBARCHIVE.xattr.'],
  sparse: new Set(
    ['major', 'minor', 'name', 'realsize', 'size', 'numblocks', 'map'].map(
      (name) => `GNU.sparse.${name}`,
    ),
  ),
};

/** Nothing that was not looked at here has a say in what sqfstar makes of an entry. */
function isPassedOn(keyword: string, kind: TarKind): boolean {
  if (passedOn.sparse.has(keyword)) return kind === 'file';
  const { numbers, attributes } = passedOn;
  // Times are tameTimes' to read.
  if (numbers.has(keyword) || keyword === 'mtime') return true;
  return attributes.some((prefix) => keyword.startsWith(prefix));
}

/** A folder of root's, mode 0755, from the beginning of time. */
export function plainFolder(path: string): Buffer {
  const header = Buffer.alloc(blockBytes);
  header.write('0000755\0', 100, 'latin1');
  header.write('0000000\x000000000\0', 108, 'latin1');
  header.write('00000000000\x0000000000000\0', 124, 'latin1');
  header.write('5', 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  return encodeEntry({
    ...{
      path,
      kind: 'directory',
      linkPath: '',
      sizeBytes: 0,
      realBytes: 0,
      header,
      pax: new Map(),
    },
  });
}

/** Zeros up to the next block. */
export function paddingOf(sizeBytes: number): Buffer {
  const rest = sizeBytes % blockBytes;
  return Buffer.alloc(rest === 0 ? 0 : blockBytes - rest);
}

function putName(
  header: Buffer,
  offset: number,
  name: string,
  pax: Map<string, Buffer>,
  keyword: string,
): void {
  const bytes = Buffer.from(name, 'latin1');
  header.fill(0, offset, offset + 100);
  if (bytes.byteLength <= 100) bytes.copy(header, offset);
  else {
    bytes.copy(header, offset, 0, 100);
    pax.set(keyword, bytes);
  }
}

/** pax(1), “pax Extended Header”: a record is “LENGTH KEYWORD=VALUE\n”, and LENGTH counts itself. */
function encodePax(records: PaxRecords): Buffer {
  const body = Buffer.concat(
    [...records].map(([keyword, value]) => {
      const rest = Buffer.concat([Buffer.from(` ${keyword}=`, 'latin1'), value, Buffer.from('\n')]);
      let length = rest.byteLength + 1;
      while (String(length).length + rest.byteLength !== length) {
        length = String(length).length + rest.byteLength;
      }
      return Buffer.concat([Buffer.from(String(length)), rest]);
    }),
  );
  const header = Buffer.alloc(blockBytes);
  header.write('././@PaxHeader', 0, 'latin1');
  header.write('0000644\0', 100, 'latin1');
  header.write(`${body.byteLength.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.write('x', 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  seal(header);
  return Buffer.concat([header, body, paddingOf(body.byteLength)]);
}

/** The sum of a header's bytes with the field itself as blanks. */
export function checksumOf(header: Buffer): number {
  let sum = 0;
  for (let index = 0; index < blockBytes; index += 1) {
    sum += index >= 148 && index < 156 ? 0x20 : (header[index] ?? 0);
  }
  return sum;
}

function seal(header: Buffer): void {
  header.write(`${checksumOf(header).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}
