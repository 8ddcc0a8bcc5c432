/** Tar archives byte by byte, as a writer of ill will might make them. */
import { blockBytes, checksumOf, paddingOf } from '../../src/main/images/container/tar-entry.ts';

/** An entry and what its header claims. */
export interface RawEntry {
  name: string;
  type?: string;
  link?: string;
  content?: string | Buffer;
  /** What the header claims, whatever the content is. */
  size?: number;
  mode?: number;
  owner?: number;
  /** As the 12 bytes of the header's field. */
  time?: string;
}

/** One entry without the archive's end. */
export function rawEntry(entry: RawEntry): Buffer {
  const { name, type = '0', link = '', content = '', mode = 0o644, owner = 0 } = entry;
  const body = Buffer.from(content);
  const octal = (value: number, width: number): string => value.toString(8).padStart(width, '0');
  const header = Buffer.alloc(blockBytes);
  header.write(name, 0, 100, 'latin1');
  header.write(`${octal(mode, 7)}\0`, 100, 'latin1');
  header.write(`${octal(owner, 7)}\0${octal(owner, 7)}\0`, 108, 'latin1');
  header.write(`${octal(entry.size ?? body.byteLength, 11)}\0`, 124, 'latin1');
  header.write(entry.time ?? `${octal(100, 11)}\0`, 136, 'latin1');
  header.write(type, 156, 'latin1');
  header.write(link, 157, 100, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  header.write(`${octal(checksumOf(header), 6)}\0 `, 148, 'latin1');
  return Buffer.concat([header, body, paddingOf(body.byteLength)]);
}

/** Pax records that say something about the entry after them. */
export function pax(...records: string[]): RawEntry {
  const lines = records.map((record) => {
    let length = record.length + 3;
    while (String(length).length + record.length + 2 !== length) {
      length = String(length).length + record.length + 2;
    }
    return `${length} ${record}\n`;
  });
  return { name: 'pax', type: 'x', content: lines.join('') };
}

/** A whole archive. */
export function rawTar(...entries: RawEntry[]): Buffer {
  return Buffer.concat([...entries.map(rawEntry), Buffer.alloc(1024)]);
}
