/**
 * Unpacks the `vmlinux` ELF out of a bzImage, so that QEMU enters it directly instead of emulating the unpacking.
 * Writes only the file it is asked for, under a temporary name until it is complete and checked.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { Transform, type Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { AppError } from '../../shared/index.ts';
import { isElf } from './elf.ts';
import type { KernelCompression } from './kernel-header.ts';
import { inspectKernel } from './kernel-image.ts';

/** No kernel comes near; a crafted one must not fill the disk. */
const MAX_VMLINUX_BYTES = 1024 ** 3;

const UNPACKERS: Partial<Record<KernelCompression, { program: string; arguments: string[] }>> = {
  xz: { program: 'xz', arguments: ['--decompress', '--stdout', '--format=xz'] },
  lzma: { program: 'xz', arguments: ['--decompress', '--stdout', '--format=lzma'] },
  lz4: { program: 'lz4', arguments: ['-d', '-c', '-q'] },
  zstd: { program: 'zstd', arguments: ['--decompress', '--stdout', '--quiet'] },
  bzip2: { program: 'bzip2', arguments: ['--decompress', '--stdout'] },
};

/** By Node itself, or not packed at all. */
const UNPACKED_HERE: readonly KernelCompression[] = ['gzip', 'none'];

/** Where the unpacked kernel is and how long it is. */
export interface ExtractedKernel {
  path: string;
  sizeBytes: number;
}

/**
 * @param bzImagePath a bzImage of any distribution
 * @param outPath where the ELF goes; replaced in one step when complete
 * @throws AppError `not_a_kernel`, `tool_missing`, `disk_full`, `cancelled`, or what {@link inspectKernel} throws
 */
export async function extractVmlinux(
  bzImagePath: string,
  outPath: string,
  { signal }: { signal?: AbortSignal } = {},
): Promise<ExtractedKernel> {
  const image = await inspectKernel(bzImagePath);
  if (!image.payload) {
    throw damaged(bzImagePath, 'it is not a bzImage, so there is nothing to unpack');
  }
  const { offset, sizeBytes } = image.payload;
  // Every packer but gzip, which has its own, gets the unpacked size appended (scripts/Makefile.lib, size_append).
  const appendedBytes = image.compression === 'gzip' || image.compression === 'none' ? 0 : 4;
  const end = offset + sizeBytes - appendedBytes - 1;
  const expectedBytes =
    image.compression === 'none' ? sizeBytes : await readSize(bzImagePath, offset + sizeBytes - 4);
  if (!UNPACKERS[image.compression] && !UNPACKED_HERE.includes(image.compression)) {
    throw damaged(bzImagePath, `its compression (${image.compression}) is not supported`);
  }
  if (expectedBytes > MAX_VMLINUX_BYTES)
    throw damaged(bzImagePath, 'it claims to unpack to more than 1 GiB');

  const temporaryPath = `${outPath}.${randomUUID()}.partial`;
  try {
    // Opened first: a stream that opens later could do so after the clean-up below.
    const file = await open(temporaryPath, 'wx');
    const writtenBytes = await unpack(
      createReadStream(bzImagePath, { start: offset, end }),
      image.compression,
      file.createWriteStream({ flush: true }),
      { expectedBytes, source: bzImagePath, ...(signal ? { signal } : {}) },
    );
    if (writtenBytes !== expectedBytes)
      throw damaged(bzImagePath, 'its size does not match after unpacking');
    await rename(temporaryPath, outPath);
    return { path: outPath, sizeBytes: writtenBytes };
  } catch (error) {
    throw explain(error, bzImagePath);
  } finally {
    await rm(temporaryPath, { force: true });
  }
}

interface UnpackOptions {
  expectedBytes: number;
  source: string;
  signal?: AbortSignal;
}

async function unpack(
  packed: Readable,
  compression: KernelCompression,
  sink: Writable,
  { expectedBytes, source, signal }: UnpackOptions,
): Promise<number> {
  const guard = new ElfGuard(expectedBytes, source);
  const options = signal ? { signal } : {};
  const unpacker = UNPACKERS[compression];
  if (!unpacker) {
    const stages = compression === 'gzip' ? [createGunzip()] : [];
    await pipeline([packed, ...stages, guard, sink], options);
    return guard.seenBytes;
  }
  const child = spawn(unpacker.program, unpacker.arguments, {
    stdio: ['pipe', 'pipe', 'ignore'],
    ...options,
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const results = await Promise.allSettled([
    ended,
    pipeline(packed, child.stdin, options),
    pipeline(child.stdout, guard, sink, options).catch((error: unknown) => {
      child.kill('SIGKILL');
      throw error;
    }),
  ]);
  const [exit, , output] = results;
  if (exit.status === 'rejected') throw exit.reason;
  if (output.status === 'rejected') throw output.reason;
  // The feeding pipe may fail with EPIPE when the program stops early; its exit code tells the truth.
  if (exit.value !== 0) throw damaged(source, `${unpacker.program} could not unpack it`);
  return guard.seenBytes;
}

/** Lets an ELF of the announced size pass and ends the stream at the first byte that cannot belong to one. */
class ElfGuard extends Transform {
  seenBytes = 0;
  readonly #maxBytes: number;
  readonly #source: string;

  constructor(maxBytes: number, source: string) {
    super();
    this.#maxBytes = maxBytes;
    this.#source = source;
  }

  override _transform(
    chunk: Buffer,
    _encoding: string,
    done: (error: Error | null, data?: Buffer) => void,
  ): void {
    if (this.seenBytes === 0 && !isElf(chunk)) {
      done(damaged(this.#source, 'what it unpacks to is not an ELF file'));
      return;
    }
    this.seenBytes += chunk.length;
    if (this.seenBytes > this.#maxBytes)
      done(damaged(this.#source, 'it unpacks to more than it announces'));
    else done(null, chunk);
  }
}

async function readSize(path: string, offset: number): Promise<number> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, offset);
    return bytesRead === 4 ? buffer.readUInt32LE(0) : 0;
  } finally {
    await file.close();
  }
}

function damaged(path: string, reason: string): AppError {
  return new AppError(
    'not_a_kernel',
    `The kernel ${path} cannot be unpacked: ${reason}. Choose another kernel.`,
    {
      details: { path, reason },
    },
  );
}

function explain(error: unknown, path: string): Error {
  if (error instanceof AppError) return error;
  const { code, name, path: program = '' } = error as NodeJS.ErrnoException;
  const options = { cause: error, details: { path } };
  if (name === 'AbortError')
    return new AppError('cancelled', 'Unpacking the kernel was cancelled.', options);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AppError(
      'disk_full',
      'The disk is full: the unpacked kernel needs about 60 MB. Free some space and try again.',
      options,
    );
  }
  if (code === 'ENOENT' && program !== '' && !program.includes('/')) {
    return new AppError(
      'tool_missing',
      `Unpacking this kernel needs the program "${program}". Install it and try again.`,
      {
        cause: error,
        details: { tool: program },
      },
    );
  }
  if (code?.startsWith('Z_')) return damaged(path, 'its gzip data is damaged');
  return error instanceof Error ? error : new Error(String(error));
}
