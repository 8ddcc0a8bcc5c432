import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { extractVmlinux } from './kernel-extract.ts';
import { readKernelFacts } from './kernel-facts.ts';
import { inspectKernel } from './kernel-image.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nandu-kernel-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function file(content: Buffer): Promise<string> {
  const path = join(folder, 'kernel');
  await writeFile(path, content);
  return path;
}

/** A minimal vmlinux: header, one PT_NOTE segment with Xen's PVH note, the banner. */
function elf({
  machine = 62,
  owner = 'Xen\0',
  noteType = 18,
  noteOffset = 128n,
  noteBytes = 20n,
} = {}): Buffer {
  const bytes = Buffer.alloc(4096);
  bytes.write('\x7fELF\x02\x01\x01', 'latin1');
  bytes.writeUInt16LE(machine, 18);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(1, 56);
  bytes.writeUInt32LE(4, 64);
  bytes.writeBigUInt64LE(noteOffset, 72);
  bytes.writeBigUInt64LE(noteBytes, 96);
  bytes.writeUInt32LE(owner.length, 128);
  bytes.writeUInt32LE(4, 132);
  bytes.writeUInt32LE(noteType, 136);
  bytes.write(owner, 140, 'latin1');
  bytes.write('%s Linux version 6.1.0-9-test (builder@host)', 1000, 'latin1');
  return bytes;
}

interface BzImageOptions {
  payload?: Buffer;
  payloadBytes?: number;
  flags?: number;
}

function bzImage({
  payload = gzipSync(elf()),
  payloadBytes = payload.length,
  flags = 1,
}: BzImageOptions = {}): Buffer {
  const setup = Buffer.alloc(1024);
  setup.writeUInt8(1, 0x1f1);
  setup.write('HdrS', 0x202, 'latin1');
  setup.writeUInt16LE(0x020f, 0x206);
  setup.writeUInt16LE(0x100, 0x20e);
  setup.writeUInt16LE(flags, 0x236);
  setup.writeUInt32LE(16, 0x248);
  setup.writeUInt32LE(payloadBytes, 0x24c);
  setup.write('6.1.0-9-test (builder@host) #1\0', 0x300, 'latin1');
  return Buffer.concat([setup, Buffer.alloc(16), payload]);
}

function withSize(packed: Buffer, unpackedBytes: number): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(unpackedBytes);
  return Buffer.concat([packed, size]);
}

describe('inspectKernel', () => {
  it('knows a vmlinux that QEMU can enter directly', async () => {
    expect(await inspectKernel(await file(elf()))).toEqual({
      format: 'elf',
      architecture: 'x86-64',
      pvh: true,
      compression: 'none',
      release: '6.1.0-9-test',
      sizeBytes: 4096,
      payload: null,
    });
  });

  it('knows a bzImage, its version and how it is packed', async () => {
    const image = await inspectKernel(await file(bzImage()));
    expect(image).toMatchObject({
      format: 'bzImage',
      pvh: false,
      compression: 'gzip',
      release: '6.1.0-9-test',
    });
  });

  it.each([
    ['another owner', { owner: 'GNU\0' }],
    ['another type', { noteType: 17 }],
    ['a note beyond the end of the file', { noteOffset: 1n << 40n }],
    ['absurd note numbers', { noteOffset: (1n << 64n) - 1n, noteBytes: (1n << 64n) - 1n }],
  ])('sees no PVH entry with %s', async (_, options) => {
    expect((await inspectKernel(await file(elf(options)))).pvh).toBe(false);
  });

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['text', Buffer.from('hello')],
    ['a truncated ELF header', elf().subarray(0, 40)],
    ['an ELF for another processor', elf({ machine: 183 })],
    ['a truncated setup header', bzImage().subarray(0, 0x210)],
    ['a 32-bit bzImage', bzImage({ flags: 0 })],
    ['a payload beyond the end of the file', bzImage({ payloadBytes: 0xffffffff })],
  ])('refuses %s', async (_, content) => {
    await expect(inspectKernel(await file(content))).rejects.toMatchObject({
      code: 'not_a_kernel',
    });
  });

  it('tells absent files and folders apart from bad ones', async () => {
    await expect(inspectKernel(join(folder, 'none'))).rejects.toMatchObject({
      code: 'kernel_missing',
    });
    await expect(inspectKernel(folder)).rejects.toMatchObject({ code: 'not_a_kernel' });
  });
});

describe('extractVmlinux', () => {
  const out = (): string => join(folder, 'vmlinux');

  it.each([
    ['gzip', (bytes: Buffer) => gzipSync(bytes)],
    [
      'xz',
      (bytes: Buffer) =>
        withSize(execFileSync('xz', ['--check=crc32', '-c'], { input: bytes }), bytes.length),
    ],
    [
      'lz4',
      (bytes: Buffer) =>
        withSize(execFileSync('lz4', ['-l', '-c'], { input: bytes, stdio: 'pipe' }), bytes.length),
    ],
    [
      'zstd',
      (bytes: Buffer) =>
        withSize(execFileSync('zstd', ['-q', '-c'], { input: bytes }), bytes.length),
    ],
  ])('unpacks %s', async (_, pack) => {
    const source = await file(bzImage({ payload: pack(elf()) }));
    expect(await extractVmlinux(source, out())).toEqual({ path: out(), sizeBytes: 4096 });
    expect(await readFile(out())).toEqual(elf());
  });

  it.each([
    ['data that is no ELF', gzipSync(Buffer.alloc(4096, 'x'))],
    ['damaged gzip data', Buffer.concat([gzipSync(elf()).subarray(0, 60), Buffer.alloc(40, 0xff)])],
    ['another size than announced', withSize(execFileSync('xz', ['-c'], { input: elf() }), 4000)],
    ['an absurd size', withSize(execFileSync('xz', ['-c'], { input: elf() }), 0xffffffff)],
    [
      'damaged xz data',
      withSize(execFileSync('xz', ['-c'], { input: elf() }).fill(0, 30, 60), 4096),
    ],
    ['an unknown compression', Buffer.alloc(64, 7)],
  ])('refuses %s and leaves nothing behind', async (_, payload) => {
    const source = await file(bzImage({ payload }));
    await expect(extractVmlinux(source, out())).rejects.toMatchObject({ code: 'not_a_kernel' });
    expect(await readdir(folder)).toEqual(['kernel']);
  });

  it('can be cancelled', async () => {
    const source = await file(bzImage());
    await expect(
      extractVmlinux(source, out(), { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'cancelled' });
    expect(await readdir(folder)).toEqual(['kernel']);
  });

  it('names the program that is missing', async () => {
    const path = process.env.PATH;
    const source = await file(
      bzImage({ payload: withSize(execFileSync('xz', ['-c'], { input: elf() }), 4096) }),
    );
    process.env.PATH = folder;
    try {
      await expect(extractVmlinux(source, out())).rejects.toMatchObject({
        code: 'tool_missing',
        details: { tool: 'xz' },
      });
    } finally {
      process.env.PATH = path;
    }
  });
});

describe('what is known of a packed kernel', () => {
  it.each([
    ['y', 'yes'],
    ['n', 'no'],
  ] as const)('is read from the configuration embedded in it: %s', async (value, expected) => {
    const config = gzipSync(`CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES=${value}\n`);
    const inside = Buffer.concat([elf(), Buffer.from('IKCFG_ST'), config, Buffer.from('IKCFG_ED')]);
    const path = await file(bzImage({ payload: gzipSync(inside) }));
    expect(await readKernelFacts(path, null)).toMatchObject({
      ...{ format: 'bzImage', commandLineDevices: expected },
    });
  });
});
