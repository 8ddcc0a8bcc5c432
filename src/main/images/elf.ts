/**
 * Reads the few parts of 64-bit little-endian ELF files that Nandu needs: header, notes, sections.
 * Input is hostile until shown otherwise: every offset and size is checked before it is used.
 *
 * Format: System V ABI, https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html
 */

/** Reads up to `length` bytes at `offset`; fewer at the end of the input. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>;

/** Where a part of the file lies. */
export interface ElfRange {
  offset: number;
  sizeBytes: number;
}

/** The file header's fields in use. */
export interface ElfHeader {
  /** e_machine; 62 is x86-64 */
  machine: number;
  programHeaders: ElfRange & { entryBytes: number };
  sectionHeaders: ElfRange & { entryBytes: number; nameSectionIndex: number };
}

/** One note of a PT_NOTE segment. */
export interface ElfNote {
  owner: string;
  type: number;
}

export const ELF_HEADER_BYTES = 64;
export const EM_X86_64 = 62;
const PROGRAM_HEADER_BYTES = 56;
const SECTION_HEADER_BYTES = 64;
const PT_INTERP = 3;
const PT_NOTE = 4;
const MAX_PROGRAM_HEADERS = 128;
const MAX_SECTIONS = 4096;
const MAX_NOTE_BYTES = 64 * 1024;
const MAX_SECTION_BYTES = 4 * 1024 * 1024;

/** True where the bytes begin as an ELF file of any kind does. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/** The header of a 64-bit little-endian ELF file, or null for anything else. */
export function parseElfHeader(bytes: Buffer): ElfHeader | null {
  const is64LittleEndian =
    bytes.length >= ELF_HEADER_BYTES && isElf(bytes) && bytes[4] === 2 && bytes[5] === 1;
  if (!is64LittleEndian) return null;
  const offsets = [bytes.readBigUInt64LE(32), bytes.readBigUInt64LE(40)];
  if (offsets.some((offset) => offset > BigInt(Number.MAX_SAFE_INTEGER))) return null;
  const [programOffset = 0, sectionOffset = 0] = offsets.map(Number);
  const programEntry = bytes.readUInt16LE(54);
  const sectionEntry = bytes.readUInt16LE(58);
  return {
    machine: bytes.readUInt16LE(18),
    programHeaders: {
      offset: programOffset,
      entryBytes: programEntry,
      sizeBytes: programEntry * Math.min(bytes.readUInt16LE(56), MAX_PROGRAM_HEADERS),
    },
    sectionHeaders: {
      offset: sectionOffset,
      entryBytes: sectionEntry,
      sizeBytes: sectionEntry * Math.min(bytes.readUInt16LE(60), MAX_SECTIONS),
      nameSectionIndex: bytes.readUInt16LE(62),
    },
  };
}

/**
 * All notes of all PT_NOTE segments, which is where QEMU looks for the PVH entry
 * (hw/i386/x86.c `load_elfboot`). Malformed notes end their segment silently: they cannot be meant for us.
 */
export async function readElfNotes(readAt: ReadAt, header: ElfHeader): Promise<ElfNote[]> {
  const notes: ElfNote[] = [];
  for (const segment of await programSegments(readAt, header)) {
    if (segment.type !== PT_NOTE) continue;
    notes.push(
      ...parseNotes(await readAt(segment.offset, Math.min(segment.sizeBytes, MAX_NOTE_BYTES))),
    );
  }
  return notes;
}

/** True where the file asks for a dynamic linker, so it cannot run alone in an initrd. */
export async function needsInterpreter(readAt: ReadAt, header: ElfHeader): Promise<boolean> {
  return (await programSegments(readAt, header)).some((segment) => segment.type === PT_INTERP);
}

/** The content of the named section, or null where there is none (or it is absurdly large). */
export function readElfSection(file: Buffer, name: string): Buffer | null {
  const table = parseElfHeader(file)?.sectionHeaders;
  if (!table || table.entryBytes < SECTION_HEADER_BYTES) return null;
  const sectionAt = (index: number): (ElfRange & { nameOffset: number }) | null => {
    const at = table.offset + index * table.entryBytes;
    if (at + SECTION_HEADER_BYTES > file.length) return null;
    const range = safeRange(file.readBigUInt64LE(at + 24), file.readBigUInt64LE(at + 32));
    if (!range || range.offset + range.sizeBytes > file.length) return null;
    return { ...range, nameOffset: file.readUInt32LE(at) };
  };
  const names = sectionAt(table.nameSectionIndex);
  if (!names) return null;
  const wanted = Buffer.from(`${name}\0`);
  for (let index = 0; index * table.entryBytes < table.sizeBytes; index += 1) {
    const section = sectionAt(index);
    if (!section || section.nameOffset >= names.sizeBytes) continue;
    const start = names.offset + section.nameOffset;
    if (!file.subarray(start, start + wanted.length).equals(wanted)) continue;
    if (section.sizeBytes > MAX_SECTION_BYTES) return null;
    return file.subarray(section.offset, section.offset + section.sizeBytes);
  }
  return null;
}

async function programSegments(
  readAt: ReadAt,
  header: ElfHeader,
): Promise<(ElfRange & { type: number })[]> {
  const { offset, sizeBytes, entryBytes } = header.programHeaders;
  if (entryBytes < PROGRAM_HEADER_BYTES) return [];
  const table = await readAt(offset, sizeBytes);
  const segments = [];
  for (let at = 0; at + PROGRAM_HEADER_BYTES <= table.length; at += entryBytes) {
    const range = safeRange(table.readBigUInt64LE(at + 8), table.readBigUInt64LE(at + 32));
    if (range) segments.push({ ...range, type: table.readUInt32LE(at) });
  }
  return segments;
}

function parseNotes(bytes: Buffer): ElfNote[] {
  const notes: ElfNote[] = [];
  let at = 0;
  while (at + 12 <= bytes.length) {
    const ownerBytes = bytes.readUInt32LE(at);
    const descriptionBytes = bytes.readUInt32LE(at + 4);
    const type = bytes.readUInt32LE(at + 8);
    const next = at + 12 + align4(ownerBytes) + align4(descriptionBytes);
    if (next > bytes.length + 3) break;
    notes.push({
      owner: bytes.toString('latin1', at + 12, at + 12 + ownerBytes).replace(/\0+$/, ''),
      type,
    });
    at = next;
  }
  return notes;
}

function safeRange(offset: bigint, size: bigint): ElfRange | null {
  if (offset + size > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  return { offset: Number(offset), sizeBytes: Number(size) };
}

function align4(value: number): number {
  return Math.ceil(value / 4) * 4;
}
