/**
 * The container images that are there and the imports that are under way, as main last told.
 * Never concludes anything itself: what is fetched, used or failed is main's to say.
 */
import { SvelteMap } from 'svelte/reactivity';
import type {
  AppError,
  ImageUsage,
  ImageView,
  ImportId,
  ImportProgress,
  ImportRequest,
  RegistryEntry,
  SecretStorage,
} from '../../shared/index.ts';
import { asAppError, request, subscribe } from '../api/index.ts';
import { isUnderWay } from './image-words.ts';

/** Told of an import that ended where nobody is looking. */
export type ImportListener = (progress: ImportProgress) => void;

/** Images, imports, and what Nandu knows of registries, as runes. */
export class ImageStore {
  #images: readonly ImageView[] = $state.raw([]);
  #loaded = $state(false);
  #error: AppError | null = $state.raw(null);
  #usage: ImageUsage | null = $state.raw(null);
  #registries: readonly RegistryEntry[] = $state.raw([]);
  #secretStorage: SecretStorage | null = $state(null);
  readonly #imports = new SvelteMap<ImportId, ImportProgress>();
  /** Imports that a dialog shows itself. */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing is drawn from it
  readonly #watched = new Set<ImportId>();
  /** Counts the events, so that a slow answer does not undo a newer event. */
  #changes = 0;

  get list(): readonly ImageView[] {
    return this.#images;
  }

  get loaded(): boolean {
    return this.#loaded;
  }

  get error(): AppError | null {
    return this.#error;
  }

  get usage(): ImageUsage | null {
    return this.#usage;
  }

  get registries(): readonly RegistryEntry[] {
    return this.#registries;
  }

  /** Where secrets go; null while main has not said. */
  get secretStorage(): SecretStorage | null {
    return this.#secretStorage;
  }

  /** Those under way and those that failed, the newest first. */
  readonly imports: readonly ImportProgress[] = $derived(
    [...this.#imports.values()]
      .filter((progress) => isUnderWay(progress) || progress.step === 'failed')
      .sort((a, b) => b.startedAtMs - a.startedAtMs),
  );

  progressOf(importId: ImportId | null): ImportProgress | null {
    return (importId === null ? undefined : this.#imports.get(importId)) ?? null;
  }

  findDigest(digest: string): ImageView | undefined {
    return this.#images.find((image) => image.digest === digest);
  }

  /** Listens to main until the returned function is called. */
  connect(onended: ImportListener): () => void {
    const endListed = subscribe('image:listed', (images) => {
      this.#changes += 1;
      this.#images = images;
      this.#loaded = true;
      this.#error = null;
    });
    const endProgressed = subscribe('image:progressed', (progress) => {
      const before = this.#imports.get(progress.importId);
      this.#imports.set(progress.importId, progress);
      const ended = !isUnderWay(progress) && (before === undefined || isUnderWay(before));
      if (ended && !this.#watched.has(progress.importId)) onended(progress);
    });
    return () => {
      endListed();
      endProgressed();
    };
  }

  async load(): Promise<void> {
    const changes = this.#changes;
    this.#error = null;
    try {
      const [images, imports] = await Promise.all([
        request('image:list'),
        request('image:imports'),
      ]);
      if (changes === this.#changes) this.#images = images;
      for (const progress of imports) {
        if (!this.#imports.has(progress.importId)) this.#imports.set(progress.importId, progress);
      }
      this.#loaded = true;
    } catch (thrown) {
      this.#error = asAppError(thrown);
    }
  }

  /** What only the page of images and forms with secrets show. Failures are left to those who act. */
  async loadDetails(): Promise<void> {
    const [usage, registries, storage] = await Promise.allSettled([
      request('image:usage'),
      request('registry:list'),
      request('secret:storage'),
    ]);
    if (usage.status === 'fulfilled') this.#usage = usage.value;
    if (registries.status === 'fulfilled') this.#registries = registries.value;
    if (storage.status === 'fulfilled') this.#secretStorage = storage.value;
  }

  /**
   * Fetches an image. While it is watched, its end makes no notice.
   * @throws {AppError} why it did not come, `cancelled` if it was.
   */
  async import(asked: ImportRequest): Promise<ImageView> {
    this.#watched.add(asked.importId);
    const image = await request('image:import', asked);
    this.#changes += 1;
    this.#images = [image, ...this.#images.filter(({ digest }) => digest !== image.digest)];
    return image;
  }

  /** Nobody looks at this import any more: its end shall be told. */
  unwatch(importId: ImportId): void {
    this.#watched.delete(importId);
  }

  async cancel(importId: ImportId): Promise<void> {
    await request('image:cancel', { importId });
  }

  /** Forgets a failed import. */
  async dismiss(importId: ImportId): Promise<void> {
    this.#imports.delete(importId);
    await request('image:dismiss', { importId });
  }

  /** @throws {AppError} `image_in_use` while a machine has it. */
  async remove(image: ImageView): Promise<void> {
    await request('image:remove', { digest: image.digest });
    this.#images = this.#images.filter(({ digest }) => digest !== image.digest);
    void this.loadDetails();
  }

  /** Removes what no machine has. @returns the bytes that came free @throws {AppError} */
  async prune(): Promise<number> {
    const freed = await request('image:prune');
    await Promise.all([this.load(), this.loadDetails()]);
    return freed;
  }

  /** @throws {AppError} */
  async forgetRegistry(registry: string): Promise<void> {
    await request('registry:forget', { registry });
    this.#registries = this.#registries.filter((entry) => entry.registry !== registry);
  }
}
