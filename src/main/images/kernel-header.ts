/**
 * Reads the setup header of an x86 `bzImage`: where the packed kernel lies and which version it is.
 * A pure parser over a bounded piece of the file; it never opens one.
 *
 * Format: https://docs.kernel.org/arch/x86/boot.html
 */

/** How the kernel proper is packed inside a bzImage. */
export type KernelCompression =
  'none' | 'gzip' | 'bzip2' | 'lzma' | 'xz' | 'lzo' | 'lz4' | 'zstd' | 'unknown';

/** The setup header's fields in use; offsets count from the start of the file. */
export interface BzImageHeader {
  /** for instance 0x020f */
  protocol: number;
  is64Bit: boolean;
  payloadOffset: number;
  payloadBytes: number;
  /** as `uname -r` would say, or null where the header names none */
  release: string | null;
}

/** The setup code is at most 64 sectors and the version text lies within it. */
export const SETUP_BYTES = 64 * 512 + 1024;

const MAGIC_OFFSET = 0x202;
const HEADER_END = 0x250;
/** payload_offset and payload_length exist from boot protocol 2.08 (Linux 2.6.26). */
const FIRST_PROTOCOL_WITH_PAYLOAD = 0x0208;
/** xloadflags exists from 2.12; bit 0 tells a 64-bit entry point. */
const FIRST_PROTOCOL_WITH_FLAGS = 0x020c;
const XLF_KERNEL_64 = 1;
const MAX_RELEASE_CHARACTERS = 128;

/**
 * @param bytes the first {@link SETUP_BYTES} of the file, or all of a shorter one
 * @returns null where this is no bzImage that says where its payload is
 */
export function parseBzImageHeader(bytes: Buffer): BzImageHeader | null {
  if (
    bytes.length < HEADER_END ||
    bytes.toString('latin1', MAGIC_OFFSET, MAGIC_OFFSET + 4) !== 'HdrS'
  )
    return null;
  const protocol = bytes.readUInt16LE(0x206);
  if (protocol < FIRST_PROTOCOL_WITH_PAYLOAD) return null;
  const setupSectors = bytes.readUInt8(0x1f1) || 4;
  return {
    protocol,
    is64Bit:
      protocol >= FIRST_PROTOCOL_WITH_FLAGS && (bytes.readUInt16LE(0x236) & XLF_KERNEL_64) !== 0,
    payloadOffset: (setupSectors + 1) * 512 + bytes.readUInt32LE(0x248),
    payloadBytes: bytes.readUInt32LE(0x24c),
    release: readRelease(bytes, bytes.readUInt16LE(0x20e)),
  };
}

/** Tells the compression by the first bytes of the payload (scripts/extract-vmlinux in the kernel tree). */
export function detectCompression(payload: Buffer): KernelCompression {
  const magics: [KernelCompression, string][] = [
    ['gzip', '1f8b08'],
    ['xz', 'fd377a585a00'],
    ['bzip2', '425a68'],
    ['lzma', '5d0000'],
    ['lzo', '894c5a'],
    ['lz4', '02214c18'],
    ['zstd', '28b52ffd'],
    ['none', '7f454c46'],
  ];
  const start = payload.toString('hex', 0, 8);
  return magics.find(([, magic]) => start.startsWith(magic))?.[0] ?? 'unknown';
}

function readRelease(bytes: Buffer, pointer: number): string | null {
  if (pointer === 0) return null;
  const text = bytes.toString('latin1', pointer + 0x200, pointer + 0x200 + MAX_RELEASE_CHARACTERS);
  return /^([\w.+~-]+)[ \0]/.exec(text)?.[1] ?? null;
}
