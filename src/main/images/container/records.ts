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
   * An image whose root is of these layers, and whole.
   * @returns null where there is none. @throws the signal's reason: much may have to be read.
   */
  async twinOf(rootDigest: string, signal: AbortSignal): Promise<StoredImage | null> {
    const [twin] = await this.#twinsOf(rootDigest);
    return twin !== undefined && (await this.isWhole(twin, signal)) ? twin : null;
  }

  /**
   * Adds an image to the root of another, which must be there: machines may have that open, and a second one would
   * take up room beside it.
   * @returns the image as it is listed.
   */
  async addToRoot(added: Omit<StoredImage, RootFacts>, twin: StoredImage): Promise<StoredImage> {
    const { rootBytes, fileDigest, contentBytes } = twin;
    return this.#replace({ ...added, rootBytes, fileDigest, contentBytes });
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
    return this.#replace({ ...added, fileDigest });
  }

  /** Writes an image's record; the root that it had by another name goes, where nobody else has it. */
  async #replace(image: StoredImage): Promise<StoredImage> {
    const former = (await this.list()).find(
      ({ manifestDigest }) => manifestDigest === image.manifestDigest,
    );
    await this.#write(image);
    if (former !== undefined) await this.#dropRoot(former);
    return image;
  }

  async #twinsOf(rootDigest: string): Promise<StoredImage[]> {
    return (await this.list()).filter((image) => image.rootDigest === rootDigest);
  }

  /** Whether its root is what was once built; reads all of it. @throws the signal's reason. */
  async isWhole(image: StoredImage, signal: AbortSignal): Promise<boolean> {
    try {
      const { size } = await stat(this.rootOf(image));
      if (size !== image.rootBytes) return false;
      if (image.fileDigest === null) return true;
      return (await digestOf(this.rootOf(image), signal)) === image.fileDigest;
    } catch {
      signal.throwIfAborted();
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
    try {
      await writeFile(record, `${JSON.stringify(image, null, 2)}\n`, { mode: 0o600, flush: true });
      await rename(record, this.#recordOf(image.manifestDigest));
    } catch (error) {
      await rm(record, { force: true });
      throw error;
    }
    await flush(this.#folder);
    return image;
  }

  /** Removes the record, and the root where no other image has it. @returns the root's bytes that came free. */
  async remove(image: StoredImage): Promise<number> {
    await rm(this.#recordOf(image.manifestDigest), { force: true });
    return this.#dropRoot(image);
  }

  /** Removes an image's root where no image that is listed has it. @returns the bytes that came free. */
  async #dropRoot(image: StoredImage): Promise<number> {
    const shared = (await this.list()).some(({ rootDigest }) => rootDigest === image.rootDigest);
    if (shared) return 0;
    await rm(this.rootOf(image), { force: true });
    return image.rootBytes;
  }

  /** Removes roots that no record names, and half-written records; a crash in between leaves them. */
  async sweep(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []); // nothing was ever imported
    for (const name of names.filter((file) => /^\.[0-9a-f]{64}\.new$/.test(file))) {
      await rm(join(this.#folder, name), { force: true });
    }
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

async function digestOf(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const options = { highWaterMark: 1024 * 1024, ...(signal === undefined ? {} : { signal }) };
  for await (const chunk of createReadStream(path, options)) {
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
