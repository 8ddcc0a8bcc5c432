/**
 * The container images of this installation: each a read-only root file system named by its content, and what
 * its image says of it. What is half imported lies elsewhere and is never listed.
 */
import { randomUUID } from 'node:crypto';
import {
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  statfs,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { AppError, imageConfigSchema } from '../../../shared/index.ts';
import { fetchImage, type FetchOptions } from './fetch.ts';
import { flatten } from './flatten.ts';
import { layerSource } from './layer-stream.ts';
import { readLayout, type LayoutImage } from './oci-layout.ts';
import { parseImageName, skopeoSource, type ImageSource } from './reference.ts';
import { makeSquashfs } from './squashfs.ts';

/** So much is left free on the disk whatever an image wants. */
const reserveBytes = 256 * 1024 * 1024;
/** What a build of the root's file system is doing, for a person. */
export type ImportStep = 'fetching' | 'building';

const storedImageSchema = z.object({
  formatVersion: z.literal(1),
  /** Names the image as its registry does. */
  manifestDigest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  /** As it was asked for, in full: `docker://docker.io/library/alpine:latest`. */
  source: z.string(),
  /** Of the tar that the root was packed from; names its file. */
  rootDigest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  rootBytes: z.int().nonnegative(),
  /** Of the files in it, unpacked. */
  contentBytes: z.int().nonnegative(),
  layerCount: z.int().nonnegative(),
  importedAtMs: z.number(),
  config: imageConfigSchema,
});

/** An image that is there whole. */
export type StoredImage = z.infer<typeof storedImageSchema>;

/** How to import. */
export type ImportOptions = Omit<FetchOptions, 'onProgress'> & {
  readonly onProgress?: (step: ImportStep, bytes: number) => void;
};

/** The images in one folder. */
export class ImageLibrary {
  readonly #folder: string;
  readonly #onProblem: (error: unknown) => void;
  #last: Promise<unknown> = Promise.resolve();

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
        const text = await readFile(join(this.#folder, name), 'utf8');
        const image = storedImageSchema.parse(JSON.parse(text));
        await stat(this.rootOf(image));
        images.push(image);
      } catch (error) {
        this.#onProblem(error);
      }
    }
    return images.sort((a, b) => b.importedAtMs - a.importedAtMs);
  }

  /**
   * Fetches an image and builds its root. What was fetched before a failure or a cancel is kept for the next try.
   * @param typed as a person types it.
   * @throws AppError `invalid_input`, and as {@link fetchImage}, {@link readLayout}, {@link flatten}.
   */
  async import(typed: string, options: ImportOptions): Promise<StoredImage> {
    const source = parseImageName(typed);
    return this.#inTurn(() => this.#import(source, options));
  }

  /** One after the other: they share the blobs, and a removal must not meet an import of the same image. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #import(source: ImageSource, options: ImportOptions): Promise<StoredImage> {
    const { signal, onProgress, architecture } = options;
    await this.#sweep();
    const blobs = join(this.#folder, 'blobs');
    const work = join(this.#folder, `.work-${randomUUID()}`);
    await mkdir(work, { recursive: true, mode: 0o700 });
    try {
      const layout = join(work, 'layout');
      await fetchImage(source, layout, blobs, {
        ...options,
        onProgress: (bytes) => onProgress?.('fetching', bytes),
      });
      const image = await readLayout(layout, blobs, architecture);
      const known = (await this.list()).find(
        ({ manifestDigest }) => manifestDigest === image.manifestDigest,
      );
      const stored = known ?? (await this.#build(image, skopeoSource(source), work, options));
      await this.#forgetBlobs(blobs);
      return stored;
    } catch (error) {
      // skopeo takes a blob that is there for good: a bad one would fail every further try.
      if (error instanceof AppError && error.code === 'image_refused')
        await this.#forgetBlobs(blobs);
      if (signal.aborted && !(error instanceof AppError)) {
        throw new AppError('cancelled', 'The import was called off.', { cause: error });
      }
      throw error;
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }

  /** What an import left that ended with its app: partial roots, and the file that a password was in. */
  async #sweep(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []); // nothing was ever imported
    for (const name of names.filter((entry) => entry.startsWith('.work-'))) {
      await rm(join(this.#folder, name), { recursive: true, force: true }).catch(this.#onProblem);
    }
  }

  /** @returns whether there was one. Other images that share its root keep it. */
  remove(manifestDigest: string): Promise<boolean> {
    return this.#inTurn(() => this.#remove(manifestDigest));
  }

  async #remove(manifestDigest: string): Promise<boolean> {
    const images = await this.list();
    const image = images.find((one) => one.manifestDigest === manifestDigest);
    if (image === undefined) return false;
    await rm(this.#recordOf(image), { force: true });
    const shared = images.some((one) => one !== image && one.rootDigest === image.rootDigest);
    if (!shared) await rm(this.rootOf(image), { force: true });
    return true;
  }

  async #build(
    image: LayoutImage,
    source: string,
    work: string,
    { signal, onProgress }: ImportOptions,
  ): Promise<StoredImage> {
    const { bavail, bsize } = await statfs(work);
    const root = join(work, 'root.squashfs');
    const layers = image.layers.map((layer) =>
      layerSource(layer.path, layer.packing, layer.digest, layer.diffId),
    );
    const { contentBytes, digest } = await makeSquashfs(
      root,
      (sink, wanted) =>
        flatten(layers, sink, {
          ...{ signal: wanted, maxBytes: Math.max(0, bavail * bsize - reserveBytes) },
          onProgress: (bytes) => onProgress?.('building', bytes),
        }),
      signal,
    );
    const stored: StoredImage = {
      ...{ formatVersion: 1, manifestDigest: image.manifestDigest, source, contentBytes },
      ...{ layerCount: image.layers.length, importedAtMs: Date.now(), config: image.config },
      rootDigest: digest,
      rootBytes: (await stat(root)).size,
    };
    await flush(root);
    signal.throwIfAborted();
    await rename(root, this.rootOf(stored));
    // Last, because this lists it.
    const record = join(work, 'image.json');
    await writeFile(record, `${JSON.stringify(stored, null, 2)}\n`, { mode: 0o600, flush: true });
    await rename(record, this.#recordOf(stored));
    await flush(dirname(this.#recordOf(stored)));
    return stored;
  }

  #recordOf({ manifestDigest }: StoredImage): string {
    return join(this.#folder, `${hexOf(manifestDigest)}.json`);
  }

  /** They are in the root now; a cut-off import's are kept until the next one succeeds. */
  async #forgetBlobs(blobs: string): Promise<void> {
    try {
      await rm(blobs, { recursive: true, force: true });
    } catch (error) {
      this.#onProblem(error);
    }
  }
}

function hexOf(digest: string): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined) throw new AppError('internal', 'That is no digest.');
  return hex;
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
