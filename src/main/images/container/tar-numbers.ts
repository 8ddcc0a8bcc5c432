/**
 * Numbers as a tar's headers and records write them. Everything that is not exactly a number that fits is refused.
 */
import { refused } from './refusal.ts';
import type { PaxRecords } from './tar-entry.ts';

const nonsense = 'a file’s size makes no sense';

/**
 * Twelve bytes of octal text, or base 256 where the first bit is set (tar's manual, “Extensions”).
 * @throws AppError `image_refused`.
 */
export function numberAt(header: Buffer, offset: number): number {
  const first = header[offset] ?? 0;
  if ((first & 0x80) === 0) {
    const text = header
      .toString('latin1', offset, offset + 12)
      .replaceAll('\0', ' ')
      .trim();
    const value = text === '' ? 0 : Number.parseInt(text, 8);
    if (!/^[0-7]*$/.test(text)) throw refused(nonsense);
    return value;
  }
  let value = BigInt(first & 0x7f);
  for (let index = 1; index < 12; index += 1)
    value = value * 256n + BigInt(header[offset + index] ?? 0);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw refused(nonsense);
  return Number(value);
}

/** @throws AppError `image_refused` for what is no plain decimal number. */
export function numberOf(text: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) throw refused(nonsense);
  return value;
}

/** @returns null without such a record. @throws AppError `image_refused`. */
export function paxNumber(pax: PaxRecords, keyword: string): number | null {
  const record = pax.get(keyword);
  return record === undefined ? null : numberOf(record.toString('latin1'));
}
