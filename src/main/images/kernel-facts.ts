/**
 * Reads from a kernel file what decides whether it can boot a given board: its configuration where it is
 * embedded or known, else traces of the option in its code. Says "unknown" rather than guess.
 */
import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { extractVmlinux } from './kernel-extract.ts';
import { inspectKernel } from './kernel-image.ts';

/** Whether something is built into a kernel. */
export type Known = 'yes' | 'no' | 'unknown';

/** What matters of a kernel besides that it is one. */
export interface KernelFacts {
  readonly format: 'elf' | 'bzImage';
  /** Whether QEMU can enter it directly, without firmware's help to unpack it. */
  readonly pvh: boolean;
  /** CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES: without it, and without ACPI, it finds no virtio device. */
  readonly commandLineDevices: Known;
}

const cache = new Map<string, KernelFacts>();
const maxCached = 64;
const chunkBytes = 4 * 1024 * 1024;
const maxScannedBytes = 256 * 1024 * 1024;
const maxConfigBytes = 8 * 1024 * 1024;
const unpackDeadlineMs = 20_000;
/** Of kernel/configs.c: the configuration, gzipped, between two marks. */
const configStart = Buffer.from('IKCFG_ST');
const configEnd = Buffer.from('IKCFG_ED');
/** The parameter's name in a kernel that has it built in (drivers/virtio/virtio_mmio.c). */
const builtInParameter = Buffer.from('virtio_mmio.device\0');

/**
 * @param path an ELF or a bzImage.
 * @param configPath its configuration, where it is known beside the file.
 * @throws AppError as {@link inspectKernel} does.
 */
export async function readKernelFacts(
  path: string,
  configPath: string | null,
): Promise<KernelFacts> {
  const { size, mtimeMs } = await stat(path).catch(() => ({ size: 0, mtimeMs: 0 }));
  const key = `${path}:${size}:${mtimeMs}:${configPath ?? ''}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const { format, pvh } = await inspectKernel(path);
  const config = await knownConfig(configPath ?? configBeside(path));
  const facts: KernelFacts = {
    format,
    pvh,
    commandLineDevices:
      config !== null ? inConfig(config) : await (format === 'elf' ? inElf : inBzImage)(path),
  };
  // What could not be found out may be tomorrow, when a tool was installed.
  const tryAgain = format === 'bzImage' && facts.commandLineDevices === 'unknown';
  if (cache.size >= maxCached) cache.clear();
  if (!tryAgain) cache.set(key, facts);
  return facts;
}

function inConfig(config: string): Known {
  return /^CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES=y$/m.test(config) ? 'yes' : 'no';
}

async function knownConfig(path: string | null): Promise<string | null> {
  if (path === null) return null;
  try {
    return (await readFile(path, 'utf8')).slice(0, maxConfigBytes);
  } catch {
    return null; // it only adds to what the kernel itself says
  }
}

/** Distributions put `config-RELEASE` beside `vmlinuz-RELEASE`. */
function configBeside(path: string): string | null {
  const release = /^vmlinu[xz]-(.+)$/.exec(basename(path))?.[1];
  return release === undefined ? null : join(dirname(path), `config-${release}`);
}

/** Unpacks it, which takes a second, and looks through that; once for each file. */
async function inBzImage(path: string): Promise<Known> {
  let folder: string | null = null;
  try {
    folder = await mkdtemp(join(tmpdir(), 'nandu-kernel-'));
    const signal = AbortSignal.timeout(unpackDeadlineMs);
    const { path: vmlinux } = await extractVmlinux(path, join(folder, 'vmlinux'), { signal });
    return await inElf(vmlinux);
  } catch {
    return 'unknown'; // its packer's tool is missing, or it is none that is known: then nothing is known
  } finally {
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  }
}

/** Looks through an ELF piece by piece; a mark may lie across two pieces. */
async function inElf(path: string): Promise<Known> {
  const file = await open(path, 'r');
  try {
    let carried: Buffer = Buffer.alloc(0);
    let offset = 0;
    let embeddedAt = -1;
    while (offset < maxScannedBytes) {
      const piece = Buffer.alloc(chunkBytes);
      const { bytesRead } = await file.read(piece, 0, chunkBytes, offset);
      if (bytesRead === 0) break;
      const text = Buffer.concat([carried, piece.subarray(0, bytesRead)]);
      if (text.includes(builtInParameter)) return 'yes';
      const found = text.indexOf(configStart);
      if (found >= 0 && embeddedAt < 0) embeddedAt = offset - carried.byteLength + found;
      carried = text.subarray(-64);
      offset += bytesRead;
    }
    if (embeddedAt < 0) return 'unknown';
    const packed = Buffer.alloc(maxConfigBytes);
    const { bytesRead } = await file.read(
      ...([packed, 0, maxConfigBytes, embeddedAt + configStart.byteLength] as const),
    );
    const end = packed.subarray(0, bytesRead).indexOf(configEnd);
    if (end < 0) return 'unknown';
    return inConfig(
      gunzipSync(packed.subarray(0, end), { maxOutputLength: maxConfigBytes }).toString(),
    );
  } catch {
    return 'unknown'; // what is embedded cannot be read: then nothing is known
  } finally {
    await file.close();
  }
}
