/**
 * The container images of this installation: imports them, finds them, removes what no machine has.
 * What is half imported lies beside the images and is never listed; no image goes that a machine needs.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AppError,
  type ErrorCode,
  type ImageUsage,
  type LayerProgress,
} from '../../../shared/index.ts';
import { buildRoot, type ImportState } from './build-root.ts';
import {
  fetchImage,
  freeBytesOf,
  reserveBytes,
  resolveImage,
  type FetchOptions,
  type FreeBytes,
  type ResolvedImage,
} from './fetch.ts';
import { folderBytes } from './folder-bytes.ts';
import { readLocalLayout } from './local-layout.ts';
import { readLayout, type LayoutImage } from './oci-layout.ts';
import { ImageRecords, type RootFacts, type StoredImage } from './records.ts';
import { parseImageName, skopeoSource, type ImageSource } from './reference.ts';
import { rootDigestOf } from './root-name.ts';
import { Turns } from './turns.ts';

/** How to import. */
export interface ImportOptions extends FetchOptions {
  readonly onProgress?: (state: ImportState) => void;
  /** Told once the registry has let us in: what was given to it works. */
  readonly onAccepted?: (resolved: Pick<ResolvedImage, 'plainHttp'>) => void;
}

/** Whose images these are. */
export interface LibraryOptions {
  readonly folder: string;
  /** The names of the machines that have an image. */
  readonly usedBy: (manifestDigest: string) => readonly string[];
  /** Told of files that cannot be read or removed; they stay. */
  readonly onProblem: (error: unknown) => void;
  /** By default the disk's answer. */
  readonly freeBytes?: FreeBytes;
}

/** What ends an import without any fault of the image: what was fetched helps the next try. */
const passing: readonly ErrorCode[] = [
  ...(['cancelled', 'disk_full', 'registry_unreachable', 'registry_denied'] as const),
  'tool_missing',
];

/** The images in one folder. */
export class ImageLibrary {
  readonly #options: LibraryOptions;
  readonly #records: ImageRecords;
  readonly #blobs: string;
  /** They share the blobs. */
  readonly #imports = new Turns();
  /** Short: what is added meets no removal. */
  readonly #changes = new Turns();

  constructor(options: LibraryOptions) {
    this.#options = options;
    this.#records = new ImageRecords(options.folder, options.onProblem);
    this.#blobs = join(options.folder, 'blobs');
  }

  /** Where an image's root lies. */
  rootOf(image: StoredImage): string {
    return this.#records.rootOf(image);
  }

  /** All that are there whole, the newest first. */
  list(): Promise<StoredImage[]> {
    return this.#records.list();
  }

  /** @param digest of the manifest. @returns null where that image is not there. */
  find(digest: string): Promise<StoredImage | null> {
    return this.#records.find(digest);
  }

  /** Removes what ended with the app before: partial roots. Call once before anything else. */
  async sweep(): Promise<void> {
    await this.#imports.take(() => this.#removeWork());
    await this.#changes.take(() => this.#records.sweep());
  }

  /**
   * Fetches an image and builds its root. What was fetched before a failure or a cancel is kept for the next try.
   * @param typed as a person types it.
   * @throws AppError `invalid_input`, and as {@link resolveImage}, {@link fetchImage}, {@link readLayout},
   *   {@link buildRoot}.
   */
  async import(typed: string, options: ImportOptions): Promise<StoredImage> {
    const source = parseImageName(typed);
    try {
      return await this.#imports.take(() => this.#import(source, options), options.signal);
    } catch (error) {
      if (!options.signal.aborted || error instanceof AppError) throw error;
      throw new AppError('cancelled', 'The import was called off.', { cause: error });
    }
  }

  async #import(source: ImageSource, options: ImportOptions): Promise<StoredImage> {
    await this.#removeWork();
    const work = join(this.#options.folder, `.work-${randomUUID()}`);
    await mkdir(work, { recursive: true, mode: 0o700 });
    try {
      const { onProgress, onAccepted } = options;
      onProgress?.({ step: 'fetching', layers: [], builtBytes: 0 });
      const resolved = await resolveImage(source, work, options);
      onAccepted?.(resolved);
      const stored =
        (await this.#known(resolved.digest, source, options.signal)) ??
        (await this.#fetchAndBuild(source, resolved, work, options));
      await this.#forgetBlobs();
      return stored;
    } catch (error) {
      // skopeo takes a blob that is there for good: a bad one would fail every further try.
      const isPassing = error instanceof AppError && passing.includes(error.code);
      if (!isPassing && !options.signal.aborted) await this.#forgetBlobs();
      throw error;
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }

  /** One that is there and undamaged, by the name that it was asked for now. */
  async #known(
    digest: string | null,
    source: ImageSource,
    signal: AbortSignal,
  ): Promise<StoredImage | null> {
    if (digest === null) return null;
    const image = (await this.list()).find(
      ({ manifestDigest, registryDigest }) =>
        manifestDigest === digest || registryDigest === digest,
    );
    if (image === undefined || !(await this.#records.isWhole(image, signal))) return null;
    return this.#ifThere(image, signal, () => this.#records.rename(image, skopeoSource(source)));
  }

  /** Changes the records where an image is still there that was read outside of a turn, which takes its time. */
  #ifThere(
    image: StoredImage,
    signal: AbortSignal,
    change: () => Promise<StoredImage>,
  ): Promise<StoredImage | null> {
    return this.#changes.take(async () => {
      signal.throwIfAborted();
      const isThere = (await this.list()).some(
        ({ manifestDigest, rootDigest }) =>
          manifestDigest === image.manifestDigest && rootDigest === image.rootDigest,
      );
      return isThere ? change() : null;
    });
  }

  async #fetchAndBuild(
    source: ImageSource,
    resolved: ResolvedImage,
    work: string,
    options: ImportOptions,
  ): Promise<StoredImage> {
    const image = await this.#obtain(resolved, work, options);
    const known = await this.#known(image.manifestDigest, source, options.signal);
    if (known !== null) return known;
    const now = Date.now();
    const found: Omit<StoredImage, RootFacts> = {
      ...{ formatVersion: 1, manifestDigest: image.manifestDigest, config: image.config },
      registryDigest: resolved.digest === image.manifestDigest ? null : resolved.digest,
      ...{ source: skopeoSource(source), layerCount: image.layers.length },
      ...{ rootDigest: rootDigestOf(image.layers), importedAtMs: now, namedAtMs: now },
    };
    const twin = await this.#records.twinOf(found.rootDigest, options.signal);
    const sharing =
      twin === null
        ? null
        : await this.#ifThere(twin, options.signal, () => this.#records.addToRoot(found, twin));
    return sharing ?? this.#build(found, image, work, options);
  }

  async #build(
    found: Omit<StoredImage, RootFacts>,
    { layers }: LayoutImage,
    work: string,
    options: ImportOptions,
  ): Promise<StoredImage> {
    const root = join(work, 'root.squashfs');
    const { freeBytes = freeBytesOf, folder } = this.#options;
    const maxBytes = Math.max(0, (await freeBytes(folder)) - reserveBytes);
    const { contentBytes } = await buildRoot(layers, root, { ...options, maxBytes });
    const { size: rootBytes } = await stat(root);
    options.signal.throwIfAborted();
    const stored = { ...found, contentBytes, rootBytes };
    return this.#changes.take(() => this.#records.add(stored, root));
  }

  async #obtain(
    resolved: ResolvedImage,
    work: string,
    options: ImportOptions,
  ): Promise<LayoutImage> {
    const { source } = resolved;
    if (source.kind === 'layout') {
      return readLocalLayout(source.path, options.architecture, options.signal);
    }
    const { freeBytes = freeBytesOf } = this.#options;
    const layout = join(work, 'layout');
    const target = {
      ...{ layout, blobs: this.#blobs, folder: work, freeBytes },
      onProgress: (layers: LayerProgress[]) =>
        options.onProgress?.({ step: 'fetching', layers, builtBytes: 0 }),
    };
    await fetchImage(resolved, target, options);
    return readLayout(layout, this.#blobs, options.architecture, { signal: options.signal });
  }

  /**
   * Images that share its root keep it.
   * @throws AppError `not_found`; `image_in_use` with `details.machines`, while there are any.
   */
  async remove(manifestDigest: string): Promise<void> {
    await this.#changes.take(async () => {
      const image = await this.find(manifestDigest);
      if (image === null) throw new AppError('not_found', 'That image is not there any more.');
      const machines = this.#options.usedBy(manifestDigest);
      if (machines.length > 0) throw inUse(machines);
      await this.#records.remove(image);
    });
  }

  /** What the images take up. */
  async usage(): Promise<ImageUsage> {
    const roots = new Map<string, { bytes: number; used: boolean }>();
    for (const image of await this.list()) {
      const used = this.#options.usedBy(image.manifestDigest).length > 0;
      const before = roots.get(image.rootDigest)?.used ?? false;
      roots.set(image.rootDigest, { bytes: image.rootBytes, used: before || used });
    }
    const sizes = [...roots.values()];
    const sum = (of: readonly { bytes: number }[]): number =>
      of.reduce((all, { bytes }) => all + bytes, 0);
    return {
      imageBytes: sum(sizes),
      unusedBytes: sum(sizes.filter(({ used }) => !used)),
      partialBytes: this.#imports.busy ? 0 : await folderBytes(this.#blobs),
    };
  }

  /** Removes images that no machine has, and what imports have left. @returns the bytes that came free. */
  async prune(): Promise<number> {
    const images = await this.#changes.take(async () => {
      let bytes = 0;
      for (const image of await this.list()) {
        const isUsed = this.#options.usedBy(image.manifestDigest).length > 0;
        if (!isUsed) bytes += await this.#records.remove(image);
      }
      return bytes;
    });
    // An import that is under way is about to use them.
    if (this.#imports.busy) return images;
    const partial = await this.#imports.take(async () => {
      const bytes = await folderBytes(this.#blobs);
      await this.#forgetBlobs();
      return bytes;
    });
    return images + partial;
  }

  /** Partial roots of an import that ended with its app. */
  async #removeWork(): Promise<void> {
    const { folder, onProblem } = this.#options;
    const names = await readdir(folder).catch(() => []); // nothing was ever imported
    for (const name of names.filter((entry) => entry.startsWith('.work-'))) {
      await rm(join(folder, name), { recursive: true, force: true }).catch(onProblem);
    }
  }

  /** They are in the root now; a cut-off import's are kept until the next one succeeds. */
  async #forgetBlobs(): Promise<void> {
    await rm(this.#blobs, { recursive: true, force: true }).catch(this.#options.onProblem);
  }
}

function inUse(machines: readonly string[]): AppError {
  const names = machines.map((name) => `“${name}”`).join(', ');
  return new AppError(
    'image_in_use',
    `This image is in use by ${names}. Delete ${machines.length === 1 ? 'that machine' : 'those machines'} first.`,
    { details: { machines } },
  );
}
