/**
 * The guest folder of the cache: puts files in under names that carry their checksum, and writes the manifest.
 * A name, once there, always has the same content, so clones and running machines can share the folder.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  GUEST_MANIFEST_FILE,
  guestManifestSchema,
  type GuestFile,
  type GuestManifest,
} from '../../src/main/images/index.ts';

const CHECKSUM_DIGITS_IN_NAME = 12;

/** Writes files and the manifest of one guest folder. */
export class GuestStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** A new private folder beside the files (same file system), removed by the function that comes with it. */
  async temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
    const path = join(this.folder, `.work-${randomUUID()}`);
    await mkdir(path, { recursive: true, mode: 0o700 });
    return { path, remove: () => rm(path, { recursive: true, force: true }) };
  }

  /** Moves a finished file in; `stem` is the readable part of its name. */
  async addFile(stem: string, path: string): Promise<GuestFile> {
    const sha256 = await hashFile(path);
    const file = `${stem}-${sha256.slice(0, CHECKSUM_DIGITS_IN_NAME)}`;
    const { size: sizeBytes } = await stat(path);
    await syncFile(path);
    await rename(path, join(this.folder, file));
    return { file, sha256, sizeBytes };
  }

  /** The manifest in force, or null where there is none or a damaged one. */
  async readManifest(): Promise<GuestManifest | null> {
    try {
      return guestManifestSchema.parse(
        JSON.parse(await readFile(join(this.folder, GUEST_MANIFEST_FILE), 'utf8')),
      );
    } catch {
      return null; // absent, older or damaged: it is made anew
    }
  }

  /** True where the file is there with the recorded size and checksum. */
  async isIntact({ file, sha256, sizeBytes }: GuestFile): Promise<boolean> {
    const path = join(this.folder, file);
    const found = await stat(path).catch(() => null);
    return found?.size === sizeBytes && (await hashFile(path)) === sha256;
  }

  async writeManifest(manifest: GuestManifest): Promise<void> {
    const path = join(this.folder, `.manifest-${randomUUID()}`);
    const handle = await open(path, 'wx');
    try {
      await handle.writeFile(`${JSON.stringify(guestManifestSchema.parse(manifest), null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(path, join(this.folder, GUEST_MANIFEST_FILE));
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }))
    hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
