/**
 * How large a file with holes is once it is unpacked: its holes are not in the archive, but in the root.
 * Never believes one place that tells a size where there are more: what counts is the largest.
 */
import { refused } from './refusal.ts';
import { numberAt, numberOf, paxNumber } from './tar-numbers.ts';
import type { PaxRecords } from './tar-entry.ts';

/** A part of a map in a header block (tar's manual, “Storing Sparse Files”): where, and how much. */
const partBytes = 24;

/**
 * @param header with the blocks that extend it.
 * @param flag of the entry's type.
 * @returns 0 for a file without holes.
 * @throws AppError `image_refused`.
 */
export function sparseBytes(header: Buffer, flag: string, pax: PaxRecords): number {
  const [size, realSize] = ['size', 'realsize'].map((name) => paxNumber(pax, `GNU.sparse.${name}`));
  // Two formats at once: each reader would follow another of them.
  if (size != null && realSize != null) throw refused('a sparse file has two sizes');
  if (pax.has('GNU.sparse.offset') || pax.has('GNU.sparse.numbytes')) {
    throw refused('a sparse file is of a format that nobody writes any more');
  }
  const ends = flag === 'S' ? [numberAt(header, 483), oldMapEnd(header)] : [];
  return Math.max(0, size ?? 0, realSize ?? 0, paxMapEnd(pax), ...ends);
}

/** Whether the content begins with a map, as in version 1.0 of the format. */
export function hasMapInContent(pax: PaxRecords): boolean {
  return paxNumber(pax, 'GNU.sparse.major') === 1;
}

/**
 * @param content the beginning of it.
 * @returns where the map's last part ends; null while the map goes on after this.
 */
export function contentMapEnd(content: Buffer): number | null {
  const numbers = content.toString('latin1').split('\n');
  // What comes after the last line's end is no whole number yet.
  numbers.pop();
  const [count, ...values] = numbers;
  if (count === undefined) return null;
  const wanted = 2 * numberOf(count);
  return values.length < wanted ? null : endOf(values.slice(0, wanted).map(numberOf));
}

/** Version 0.1: `offset,bytes,offset,bytes…`. */
function paxMapEnd(pax: PaxRecords): number {
  const text = pax.get('GNU.sparse.map')?.toString('latin1') ?? '';
  const values = text === '' ? [] : text.split(',').map(numberOf);
  // Whoever reads it takes room for as many as this says.
  const count = paxNumber(pax, 'GNU.sparse.numblocks') ?? values.length / 2;
  if (values.length !== 2 * count) throw refused('a sparse file’s map is damaged');
  return endOf(values);
}

/** Old GNU files: four parts in the header, 21 in every further block. */
function oldMapEnd(header: Buffer): number {
  const values: number[] = [];
  const take = (from: number, parts: number): void => {
    for (let at = from; at < from + parts * partBytes; at += partBytes) {
      values.push(numberAt(header, at), numberAt(header, at + 12));
    }
  };
  take(386, 4);
  for (let block = 512; block < header.byteLength; block += 512) take(block, 21);
  return endOf(values);
}

function endOf(map: readonly number[]): number {
  let end = 0;
  for (let at = 0; at + 1 < map.length; at += 2) {
    end = Math.max(end, (map[at] ?? 0) + (map[at + 1] ?? 0));
  }
  return end;
}
