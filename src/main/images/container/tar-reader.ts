/**
 * Cuts a layer's tar stream into entries without ever holding a file's content. Every number and name in it
 * is hostile: sizes, lengths and counts are bounded before anything is allocated for them.
 */
import { refused } from './refusal.ts';
import {
  blockBytes,
  checksumOf,
  kindOf,
  safePath,
  type PaxRecords,
  type TarEntry,
} from './tar-entry.ts';
import { numberAt, paxNumber } from './tar-numbers.ts';
import { contentMapEnd, hasMapInContent, sparseBytes } from './tar-sparse.ts';

/** pax and GNU long-name headers of one entry together; Linux allows 64 KiB of extended attributes a file. */
const maxMetaBytes = 1024 * 1024;
/** PATH_MAX of Linux. */
const maxPathBytes = 4096;

/** An entry with its content; the content must be read or {@link TarReader.skip}ped before the next entry. */
export class TarReader {
  readonly #source: AsyncIterator<Buffer>;
  #chunk: Buffer = Buffer.alloc(0);
  #bodyBytes = 0;
  #paddingBytes = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Lets go of the stream, wherever it is. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  /** @returns null at the archive's end. @throws AppError `image_refused` for what is no tar. */
  async next(): Promise<TarEntry | null> {
    await this.skip();
    let pax: PaxRecords = new Map();
    let longName: Buffer | null = null;
    let longLink: Buffer | null = null;
    let metaBytes = 0;
    for (;;) {
      const header = await this.#block();
      if (header === null) return null;
      if (isZero(header)) {
        await this.#drain();
        return null;
      }
      const stored = Number.parseInt(textAt(header, 148, 8).trim(), 8);
      if (stored !== checksumOf(header)) throw refused('one of its layers is not a tar archive');
      const flag = String.fromCharCode(header[156] ?? 0);
      if ('xgLK'.includes(flag)) {
        const size = numberAt(header, 124);
        metaBytes += size;
        if (metaBytes > maxMetaBytes) throw refused('an entry has more than 1 MiB of attributes');
        const meta = await this.#exactly(size);
        if (flag === 'x') pax = parsePax(meta);
        if (flag === 'g') checkGlobal(parsePax(meta));
        if (flag === 'L') longName = untilNul(meta);
        if (flag === 'K') longLink = untilNul(meta);
        continue;
      }
      return this.#entry(header, flag, pax, longName, longLink);
    }
  }

  /** The content of the last entry, in pieces. */
  async *body(): AsyncGenerator<Buffer> {
    while (this.#bodyBytes > 0) {
      const piece = await this.#some(this.#bodyBytes);
      this.#bodyBytes -= piece.byteLength;
      yield piece;
    }
  }

  /** Passes over what is left of the last entry's content. */
  async skip(): Promise<void> {
    while (this.#bodyBytes > 0) {
      this.#bodyBytes -= (await this.#some(this.#bodyBytes)).byteLength;
    }
    if (this.#paddingBytes > 0) await this.#exactly(this.#paddingBytes, 0);
    this.#paddingBytes = 0;
  }

  async #entry(
    header: Buffer,
    flag: string,
    pax: PaxRecords,
    longName: Buffer | null,
    longLink: Buffer | null,
  ): Promise<TarEntry> {
    const magic = textAt(header, 257, 6);
    const prefix =
      magic === 'ustar\0' ? untilNul(header.subarray(345, 500)).toString('latin1') : '';
    const shortName = untilNul(header.subarray(0, 100)).toString('latin1');
    const rawPath =
      textOf(pax.get('GNU.sparse.name') ?? pax.get('path') ?? longName) ??
      (prefix === '' ? shortName : `${prefix}/${shortName}`);
    const rawLink =
      textOf(pax.get('linkpath') ?? longLink) ??
      untilNul(header.subarray(157, 257)).toString('latin1');
    if (rawLink.includes('\0')) throw refused('one of its names has a NUL in it');
    if (rawPath.length > maxPathBytes || rawLink.length > maxPathBytes) {
      throw refused('one of its names is longer than Linux allows');
    }
    const kind = kindOf(flag, rawPath);
    // As Go's archive/tar: what has no content has none, whatever its header says.
    const sizeBytes = kind === 'file' ? contentSize(header, pax) : 0;
    const blocks = [header];
    if (flag === 'S') {
      // Old GNU sparse files: the map goes on in further blocks (tar's manual, “Standard”).
      for (let more = header[482] === 1; more;) {
        const block = await this.#block();
        if (block === null || blocks.length > 1_000)
          throw refused('a sparse file’s map has no end');
        blocks.push(block);
        more = block[504] === 1;
      }
    }
    const wholeHeader = Buffer.concat(blocks);
    const ends = [sizeBytes];
    if (kind === 'file') {
      ends.push(sparseBytes(wholeHeader, flag, pax));
      if (hasMapInContent(pax)) ends.push(await this.#peekMap(sizeBytes));
    }
    this.#bodyBytes = sizeBytes;
    this.#paddingBytes = (blockBytes - (sizeBytes % blockBytes)) % blockBytes;
    return {
      ...{ path: safePath(rawPath), kind, sizeBytes, pax, header: wholeHeader },
      realBytes: Math.max(...ends),
      linkPath: kind === 'hardlink' ? safePath(rawLink) : kind === 'symlink' ? rawLink : '',
    };
  }

  /** Where the map at the content's beginning ends; leaves the content as if it had not been read. */
  async #peekMap(sizeBytes: number): Promise<number> {
    const most = Math.min(sizeBytes, maxMetaBytes);
    let seen = Buffer.alloc(0);
    let end: number | null = null;
    // Ever more of it, so that a long map is not read over and over.
    for (let wanted = blockBytes; end === null; wanted *= 2) {
      if (seen.byteLength >= most) throw refused('a sparse file’s map has no end');
      const more = Math.min(wanted, most) - seen.byteLength;
      seen = Buffer.concat([seen, await this.#exactly(more, 0)]);
      end = contentMapEnd(seen);
    }
    this.#chunk = Buffer.concat([seen, this.#chunk]);
    return end;
  }

  async #block(): Promise<Buffer | null> {
    if (this.#chunk.byteLength === 0 && !(await this.#pull())) return null;
    return this.#exactly(blockBytes, 0);
  }

  /** Exactly so many bytes, and the padding after them. */
  async #exactly(
    bytes: number,
    padding = (blockBytes - (bytes % blockBytes)) % blockBytes,
  ): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let left = bytes + padding; left > 0;) {
      const piece = await this.#some(left);
      pieces.push(piece);
      left -= piece.byteLength;
    }
    return Buffer.concat(pieces).subarray(0, bytes);
  }

  async #some(most: number): Promise<Buffer> {
    if (this.#chunk.byteLength === 0 && !(await this.#pull())) {
      throw refused('one of its layers ends in the middle of a file');
    }
    const piece = this.#chunk.subarray(0, most);
    this.#chunk = this.#chunk.subarray(piece.byteLength);
    return piece;
  }

  async #pull(): Promise<boolean> {
    for (;;) {
      const { done, value } = await this.#source.next();
      if (done === true) return false;
      this.#chunk = value;
      if (value.byteLength > 0) return true;
    }
  }

  /** To the end, so that whoever checks the stream's digest sees all of it. */
  async #drain(): Promise<void> {
    this.#chunk = Buffer.alloc(0);
    while (await this.#pull()) this.#chunk = Buffer.alloc(0);
  }
}

function contentSize(header: Buffer, pax: PaxRecords): number {
  return paxNumber(pax, 'size') ?? numberAt(header, 124);
}

function parsePax(meta: Buffer): PaxRecords {
  const records = new Map<string, Buffer>();
  for (let offset = 0; offset < meta.byteLength;) {
    const blank = meta.indexOf(0x20, offset);
    const length = blank < 0 ? NaN : Number(meta.toString('latin1', offset, blank));
    const end = offset + length;
    const equals = meta.indexOf(0x3d, blank);
    const isSound =
      Number.isSafeInteger(length) &&
      end <= meta.byteLength &&
      equals > blank &&
      equals < end &&
      meta[end - 1] === 0x0a;
    if (!isSound) throw refused('an entry’s attributes are damaged');
    records.set(meta.toString('latin1', blank + 1, equals), meta.subarray(equals + 1, end - 1));
    offset = end;
  }
  return records;
}

/** Global records apply to all entries; comments are harmless, names and sizes for all make no sense. */
function checkGlobal(records: PaxRecords): void {
  for (const keyword of ['path', 'linkpath', 'size']) {
    if (records.has(keyword)) throw refused('one of its layers gives all files one name or size');
  }
}

function textOf(bytes: Buffer | null | undefined): string | null {
  return bytes == null ? null : bytes.toString('latin1');
}

function textAt(header: Buffer, offset: number, length: number): string {
  return header.toString('latin1', offset, offset + length);
}

function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

function isZero(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}
