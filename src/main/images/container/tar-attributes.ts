/**
 * The numbers in a tar header: mode, owner and time of an entry, within what a squashfs can hold.
 * Never lets a number through that the file system would refuse.
 */
import { refused } from './refusal.ts';
import type { TarEntry } from './tar-entry.ts';

/** Of a folder, a file or a link. */
export interface Attributes {
  readonly mode: number;
  readonly owner: number;
  readonly group: number;
  /** Seconds since 1970. */
  readonly seconds: number;
}

/** Owners and times have 32 bits in a squashfs; times before 1970 there are none. */
const largest = 0xffff_ffff;
const timeOffset = 136;
const timeBytes = 12;

export function attributesOf({ header, pax }: Pick<TarEntry, 'header' | 'pax'>): Attributes {
  const number = (keyword: string, offset: number, bytes: number): number => {
    const record = Number(pax.get(keyword)?.toString('latin1') ?? NaN);
    return within(Number.isNaN(record) ? signedAt(header, offset, bytes) : record);
  };
  return {
    mode: signedAt(header, 100, 8) & 0o7777,
    owner: number('uid', 108, 8),
    group: number('gid', 116, 8),
    seconds: number('mtime', timeOffset, timeBytes),
  };
}

/**
 * Leaves an entry one time, in whole seconds in its header: sqfstar 4.5 takes a pax record of it for damage that
 * has no fraction, ends at a time before 1970, and a squashfs keeps nothing finer or else.
 */
export function tameTimes(header: Buffer, pax: Map<string, Buffer>): void {
  const before = signedAt(header, timeOffset, timeBytes);
  const { seconds } = attributesOf({ header, pax });
  for (const keyword of ['mtime', 'atime', 'ctime']) pax.delete(keyword);
  if (seconds === before && ((header[timeOffset] ?? 0) & 0x80) === 0) return;
  header.write(`${seconds.toString(8).padStart(11, '0')}\0`, timeOffset, 'latin1');
}

function within(value: number): number {
  return Math.min(largest, Math.max(0, Math.floor(value)));
}

/** Octal text, or base 256 where the first bit is set, as two's complement (tar's manual, “Extensions”). */
function signedAt(header: Buffer, offset: number, bytes: number): number {
  const first = header[offset] ?? 0;
  if ((first & 0x80) !== 0) {
    let value = (first & 0x40) === 0 ? first & 0x3f : (first & 0x7f) - 0x80;
    for (let index = 1; index < bytes; index += 1) {
      value = value * 256 + (header[offset + index] ?? 0);
    }
    return value;
  }
  const text = header
    .toString('latin1', offset, offset + bytes)
    .replaceAll('\0', ' ')
    .trim();
  if (!/^-?[0-7]*$/.test(text)) throw refused('a number in one of its headers makes no sense');
  return text === '' ? 0 : Number.parseInt(text, 8);
}
