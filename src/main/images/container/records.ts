/**
 * The records of the images that are there whole, and their roots beside them, each named by its layers.
 * A record is written last and removed first, so that nothing is ever listed that is not all there.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError, imageConfigSchema, imageDigestSchema } from '../../../shared/index.ts';

const recordSchema = z.object({
  formatVersion: z.literal(1),
  /** Names the image everywhere in Nandu. */
  manifestDigest: imageDigestSchema,
  /** As its registry names it, where skopeo had to turn its manifest into an OCI one; null for others. */
  registryDigest: imageDigestSchema.nullable().default(null),
  /** As it was asked for, in full: `docker://docker.io/library/alpine:latest`. */
  source: z.string(),
  /** Names the root's file: `rootDigestOf` its layers. Older Nandus named it by the tar that it was packed from. */
  rootDigest: imageDigestSchema,
  rootBytes: z.int().nonnegative(),
  /** Of the root's file, by which damage is found; null where an older Nandu wrote it. */
  fileDigest: imageDigestSchema.nullable().default(null),
  /** Of the files in it, unpacked. */
  contentBytes: z.int().nonnegative(),
  layerCount: z.int().nonnegative(),
  importedAtMs: z.number(),
  /** When it was last got by its name, which may have meant another image before; null where an older Nandu wrote it. */
  namedAtMs: z.number().nullable().default(null),
  config: imageConfigSchema,
});
const storedImageSchema = recordSchema.transform((record) => ({
  ...record,
  namedAtMs: record.namedAtMs ?? record.importedAtMs,
}));

/** An image that is there whole. */
export type StoredImage = z.infer<typeof storedImageSchema>;

/** What is known of an image only once its root is built. */
export type RootFacts = 'rootBytes' | 'fileDigest' | 'contentBytes';

/** The images in one folder. Whoever changes it does so one after the other. */
export class ImageRecords {
  readonly #folder: string;
  readonly #onProblem: (error: unknown) => void;

  /** @param onProblem told of files that cannot be read; they stay, and are not listed. */
  constructor(folder: string, onProblem: (error: unknown) => void) {
    this.#folder = folder;
    this.#onProblem = onProblem;
  }

  /** Where an image's root lies. */
  rootOf({ rootDigest }: StoredImage): string {
    return join(this.#folder, `${hexOf(rootDigest)}.squashfs`);
  }

  /** All that are there whole, the newest first. */
  async list(): Promise<StoredImage[]> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []; // nothing was ever imported
      throw error;
    });
    const images: StoredImage[] = [];
    for (const name of names.filter((file) => /^[0-9a-f]{64}\.json$/.test(file))) {
      try {
        const image = await this.#read(join(this.#folder, name));
        if (image !== null) images.push(image);
      } catch (error) {
        this.#onProblem(error);
      }
    }
    return images.sort((a, b) => b.importedAtMs - a.importedAtMs);
  }

  /**
   * @param digest of the manifest.
   * @returns null where there is none, or it cannot be read (reported).
   */
  async find(digest: string): Promise<StoredImage | null> {
    try {
      return await this.#read(this.#recordOf(digest));
    } catch (error) {
      this.#onProblem(error);
      return null;
    }
  }

  /**
   * Adds an image whose root is there already, whole: machines may have that open, and a second one would take up
   * room beside it.
   * @returns the image as it is listed; null where there is no such root.
   */
  async addToRoot(added: Omit<StoredImage, RootFacts>): Promise<StoredImage | null> {
    const [twin] = await this.#twinsOf(added.rootDigest);
    if (twin === undefined || !(await this.isWhole(twin))) return null;
    const { rootBytes, fileDigest, contentBytes } = twin;
    return this.#write({ ...added, rootBytes, fileDigest, contentBytes });
  }

  /**
   * @param root of the image, in a file that is moved to its place.
   * @returns the image as it is listed.
   */
  async add(added: Omit<StoredImage, 'fileDigest'>, root: string): Promise<StoredImage> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const [fileDigest] = await Promise.all([digestOf(root), flush(root)]);
    await rename(root, this.rootOf({ ...added, fileDigest }));
    const { rootBytes, contentBytes } = added;
    // A root that took the place of a damaged one is theirs, too.
    for (const other of await this.#twinsOf(added.rootDigest)) {
      await this.#write({ ...other, rootBytes, fileDigest, contentBytes });
    }
    return this.#write({ ...added, fileDigest });
  }

  async #twinsOf(rootDigest: string): Promise<StoredImage[]> {
    return (await this.list()).filter((image) => image.rootDigest === rootDigest);
  }

  /** Whether its root is what was once built; reads all of it. */
  async isWhole(image: StoredImage): Promise<boolean> {
    try {
      const { size } = await stat(this.rootOf(image));
      if (size !== image.rootBytes) return false;
      return image.fileDigest === null || (await digestOf(this.rootOf(image))) === image.fileDigest;
    } catch {
      return false; // what cannot be read is as good as damaged
    }
  }

  /** It was got by a name, which is how it is known from now on, and which means it and no other. */
  async rename(image: StoredImage, source: string): Promise<StoredImage> {
    const isOthers = (await this.list()).some(
      (other) =>
        other.source === source &&
        other.manifestDigest !== image.manifestDigest &&
        other.namedAtMs >= image.namedAtMs,
    );
    if (image.source === source && !isOthers) return image;
    return this.#write({ ...image, source, namedAtMs: Date.now() });
  }

  async #write(image: StoredImage): Promise<StoredImage> {
    const record = join(this.#folder, `.${hexOf(image.manifestDigest)}.new`);
    await writeFile(record, `${JSON.stringify(image, null, 2)}\n`, { mode: 0o600, flush: true });
    await rename(record, this.#recordOf(image.manifestDigest));
    await flush(this.#folder);
    return image;
  }

  /** Removes the record, and the root where no other image has it. @returns the root's bytes that came free. */
  async remove(image: StoredImage): Promise<number> {
    await rm(this.#recordOf(image.manifestDigest), { force: true });
    const shared = (await this.list()).some(({ rootDigest }) => rootDigest === image.rootDigest);
    if (shared) return 0;
    await rm(this.rootOf(image), { force: true });
    return image.rootBytes;
  }

  /** Removes roots that no record names; a crash between a root and its record leaves one. */
  async sweep(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []); // nothing was ever imported
    const images = await this.list();
    const records = names.filter((name) => /^[0-9a-f]{64}\.json$/.test(name));
    // One that cannot be read may be a newer Nandu's: its root must stay, whichever that is.
    if (records.length !== images.length) return;
    const kept = new Set(images.map((image) => this.rootOf(image)));
    for (const name of names.filter((file) => /^[0-9a-f]{64}\.squashfs$/.test(file))) {
      const path = join(this.#folder, name);
      if (!kept.has(path)) await rm(path, { force: true });
    }
  }

  async #read(path: string): Promise<StoredImage | null> {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    const image = storedImageSchema.parse(JSON.parse(text));
    await stat(this.rootOf(image));
    return image;
  }

  #recordOf(manifestDigest: string): string {
    return join(this.#folder, `${hexOf(manifestDigest)}.json`);
  }
}

function hexOf(digest: string): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined) throw new AppError('internal', 'That is no digest.');
  return hex;
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk as Buffer);
  }
  return `sha256:${hash.digest('hex')}`;
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
