/**
 * Tells whether a kernel can mount a folder by virtiofs, from its configuration and from what its initrd has.
 * Says no rather than guess: a device that the guest cannot use is no folder.
 */
import { open, readFile, stat } from 'node:fs/promises';

const moduleFile = Buffer.from('/virtiofs.ko\0');
const chunkBytes = 4 * 1024 * 1024;
const maxConfigBytes = 8 * 1024 * 1024;
const maxCached = 64;
const cache = new Map<string, boolean>();

/** What is known of a kernel that is to boot. */
export interface KernelFiles {
  /** The kernel's build options, where they lie beside it. */
  readonly configPath: string | null;
  /** The initrd that has this very kernel's modules; null where another one or none is booted. */
  readonly modulesPath: string | null;
}

/** @returns false where nothing tells. */
export async function canMountVirtiofs({ configPath, modulesPath }: KernelFiles): Promise<boolean> {
  return (
    (configPath !== null && (await once(configPath, isBuiltIn))) ||
    (modulesPath !== null && (await once(modulesPath, hasModule)))
  );
}

async function once(path: string, look: (path: string) => Promise<boolean>): Promise<boolean> {
  try {
    const { size, mtimeMs } = await stat(path);
    const key = `${path}\n${size}\n${mtimeMs}`;
    const known = cache.get(key);
    if (known !== undefined) return known;
    const found = await look(path);
    if (cache.size >= maxCached) cache.clear();
    cache.set(key, found);
    return found;
  } catch {
    return false; // a file that cannot be read tells nothing
  }
}

async function isBuiltIn(path: string): Promise<boolean> {
  const config = (await readFile(path, 'utf8')).slice(0, maxConfigBytes);
  return /^CONFIG_VIRTIO_FS=y$/m.test(config);
}

/** Nandu's initrds are archives without compression, in which names end with a NUL (cpio(5), “newc”). */
async function hasModule(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    let carried = Buffer.alloc(0);
    const piece = Buffer.alloc(chunkBytes);
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, chunkBytes);
      if (bytesRead === 0) return false;
      const text = Buffer.concat([carried, piece.subarray(0, bytesRead)]);
      if (text.includes(moduleFile)) return true;
      carried = Buffer.from(text.subarray(-moduleFile.byteLength));
    }
  } finally {
    await file.close();
  }
}
