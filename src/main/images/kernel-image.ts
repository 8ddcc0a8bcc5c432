/**
 * Says what a kernel file is: ELF or bzImage, for which processor, packed how, bootable through PVH or not.
 * Only reads, and only bounded pieces; a file that is no kernel gives a typed error, never a guess.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { AppError } from '../../shared/index.ts';
import { EM_X86_64, isElf, parseElfHeader, readElfNotes, type ReadAt } from './elf.ts';
import {
  SETUP_BYTES,
  detectCompression,
  parseBzImageHeader,
  type KernelCompression,
} from './kernel-header.ts';

/** What `inspectKernel` found. */
export interface KernelImage {
  format: 'elf' | 'bzImage';
  architecture: 'x86-64';
  /** QEMU can enter it without a boot loader or decompression (only ever true for an ELF) */
  pvh: boolean;
  compression: KernelCompression;
  /** as `uname -r` says, null where the file does not tell */
  release: string | null;
  sizeBytes: number;
  /** where the packed kernel lies; null for an ELF */
  payload: { offset: number; sizeBytes: number } | null;
}

/** XEN_ELFNOTE_PHYS32_ENTRY, include/xen/interface/elfnote.h */
const PVH_NOTE_TYPE = 18;
const BANNER = Buffer.from('Linux version ');
const BANNER_SCAN_BYTES = 128 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

/**
 * @param path a file the user chose
 * @throws AppError `kernel_missing`, `kernel_unreadable` or `not_a_kernel`
 */
export async function inspectKernel(path: string): Promise<KernelImage> {
  const file = await openKernel(path);
  try {
    const readAt: ReadAt = (offset, length) => readUpTo(file, offset, length);
    const sizeBytes = (await file.stat()).size;
    const start = await readAt(0, SETUP_BYTES);
    return isElf(start)
      ? await inspectElf(path, start, sizeBytes, readAt)
      : await inspectBzImage(path, start, sizeBytes, readAt);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw unreadable(path, error);
  } finally {
    await file.close();
  }
}

async function inspectElf(
  path: string,
  start: Buffer,
  sizeBytes: number,
  readAt: ReadAt,
): Promise<KernelImage> {
  const header = parseElfHeader(start);
  if (header?.machine !== EM_X86_64) {
    throw notAKernel(path, 'it is an ELF file, but not for 64-bit x86 processors');
  }
  const notes = await readElfNotes(readAt, header);
  const pvh = notes.some((note) => note.owner === 'Xen' && note.type === PVH_NOTE_TYPE);
  const release = await findBanner(readAt, sizeBytes);
  if (!pvh && release === null) throw notAKernel(path, 'it is an ELF program, but no Linux kernel');
  return {
    format: 'elf',
    architecture: 'x86-64',
    pvh,
    compression: 'none',
    release,
    sizeBytes,
    payload: null,
  };
}

async function inspectBzImage(
  path: string,
  start: Buffer,
  sizeBytes: number,
  readAt: ReadAt,
): Promise<KernelImage> {
  const header = parseBzImageHeader(start);
  if (!header) throw notAKernel(path, 'it is neither a bzImage nor an ELF file');
  if (!header.is64Bit) throw notAKernel(path, 'it is a kernel for 32-bit processors');
  const payload = { offset: header.payloadOffset, sizeBytes: header.payloadBytes };
  if (payload.sizeBytes < 8 || payload.offset + payload.sizeBytes > sizeBytes) {
    throw notAKernel(path, 'it is cut off: its packed part goes beyond the end of the file');
  }
  const compression = detectCompression(await readAt(payload.offset, 8));
  return {
    format: 'bzImage',
    architecture: 'x86-64',
    pvh: false,
    compression,
    release: header.release,
    sizeBytes,
    payload,
  };
}

/** Looks for the text the kernel greets with, which every vmlinux carries uncompressed. */
async function findBanner(readAt: ReadAt, sizeBytes: number): Promise<string | null> {
  const overlap = 256;
  for (let offset = 0; offset < Math.min(sizeBytes, BANNER_SCAN_BYTES); offset += CHUNK_BYTES) {
    const chunk = await readAt(offset, CHUNK_BYTES + overlap);
    for (let at = chunk.indexOf(BANNER); at !== -1; at = chunk.indexOf(BANNER, at + 1)) {
      const release = /^Linux version (\d[\w.+~-]{0,127}) /.exec(
        chunk.toString('latin1', at, at + overlap),
      );
      if (release?.[1]) return release[1];
    }
  }
  return null;
}

async function openKernel(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw unreadable(path, error);
    throw new AppError('kernel_missing', `There is no file ${path}. Choose another kernel.`, {
      cause: error,
      details: { path },
    });
  }
  const stats = await file.stat();
  if (stats.isFile()) return file;
  await file.close();
  throw notAKernel(path, 'it is not a regular file');
}

async function readUpTo(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function unreadable(path: string, cause: unknown): AppError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AppError(
    'kernel_unreadable',
    `The kernel ${path} cannot be read (${reason}). Make it readable for your user or copy it to your home folder.`,
    { cause, details: { path } },
  );
}

function notAKernel(path: string, reason: string): AppError {
  return new AppError(
    'not_a_kernel',
    `${path} is no kernel Nandu can boot: ${reason}. Choose a bzImage or vmlinux for x86-64.`,
    {
      details: { path, reason },
    },
  );
}
