/**
 * What the window asks about container images: the one door to library, imports and remembered registries.
 * Decides who uses which login; a password never comes back out of here.
 */
import type {
  ImageConfig,
  ImageUsage,
  ImageView,
  ImportId,
  ImportProgress,
  ImportRequest,
  MachineId,
  MachineSpec,
  RegistryEntry,
} from '../../../shared/index.ts';
import type { RegistryStore } from '../../store/index.ts';
import { Imports } from './imports.ts';
import { ImageLibrary } from './library.ts';
import type { StoredImage } from './records.ts';
import { parseImageName } from './reference.ts';

/** QEMU's microvm is an x86 machine, whatever this computer is. In Go's words, as OCI has it. */
const architecture = 'amd64';

/** A machine, as far as images are concerned. */
export interface ImageUser {
  readonly id: MachineId;
  readonly spec: Pick<MachineSpec, 'name' | 'container'>;
}

/** What the service is built from. */
export interface ImageServiceOptions {
  readonly folder: string;
  readonly registries: RegistryStore;
  /** All machines now. */
  readonly machines: () => readonly ImageUser[];
  readonly onListed: (images: ImageView[]) => void;
  readonly onProgressed: (progress: ImportProgress) => void;
  readonly onProblem: (error: unknown) => void;
}

/** The container images of this installation. */
export class ImageService {
  readonly library: ImageLibrary;
  readonly #options: ImageServiceOptions;
  readonly #imports: Imports;
  readonly #swept: Promise<void>;

  constructor(options: ImageServiceOptions) {
    this.#options = options;
    const { folder, onProblem } = options;
    this.library = new ImageLibrary({
      ...{ folder, onProblem },
      usedBy: (digest) => this.#usersOf(digest).map(({ spec }) => spec.name),
    });
    this.#imports = new Imports({ library: this.library, onProgress: options.onProgressed });
    this.#swept = this.library.sweep().catch(onProblem);
  }

  /** The newest first. */
  async list(): Promise<ImageView[]> {
    const images = await this.library.list();
    return images.map((image) => this.#viewOf(image, meantByName(images, image)));
  }

  /** What a machine is started with; null when the image is not there. */
  async rootOf(digest: string): Promise<{ rootPath: string; config: ImageConfig } | null> {
    const image = await this.library.find(digest);
    return image === null ? null : { rootPath: this.library.rootOf(image), config: image.config };
  }

  /** Tells anew which images there are; for when machines came, went, or took another image. */
  async announce(): Promise<void> {
    try {
      this.#options.onListed(await this.list());
    } catch (error) {
      this.#options.onProblem(error);
    }
  }

  /** @throws AppError as {@link Imports.start}. */
  async import({ importId, image, login, plainHttp }: ImportRequest): Promise<ImageView> {
    const { registries } = this.#options;
    const registry = registryOf(image);
    const remembered = registry === null ? null : registries.find(registry);
    const credentials = login ?? remembered?.login ?? undefined;
    const mayBePlain = plainHttp || remembered?.plainHttp === true;
    // At once, so that it can be called off at once; the library lets it wait for what goes before.
    const stored = await this.#imports.start(importId, image, {
      ...{ architecture, credentials, plainHttp: mayBePlain },
      onAccepted: (accepted) => {
        if (registry === null) return;
        if (login?.remember === true) registries.rememberLogin(registry, login);
        // Where https works it must go on working: a permission that nobody needed would let anybody on the
        // way turn it off later.
        if (plainHttp && accepted.plainHttp) registries.allowPlainHttp(registry);
      },
    });
    await this.announce();
    return this.#viewOf(stored, true);
  }

  /** How many imports would be cut off by an end. */
  get importCount(): number {
    return this.imports().filter(({ step }) => step !== 'failed').length;
  }

  cancel(importId: ImportId): void {
    this.#imports.cancel(importId);
  }

  imports(): ImportProgress[] {
    return this.#imports.list();
  }

  dismiss(importId: ImportId): void {
    this.#imports.dismiss(importId);
  }

  /** @throws AppError `not_found`, `image_in_use`. */
  async remove(digest: string): Promise<void> {
    await this.library.remove(digest);
    await this.announce();
  }

  usage(): Promise<ImageUsage> {
    return this.library.usage();
  }

  /** @returns the bytes that came free. */
  async prune(): Promise<number> {
    await this.#swept;
    const bytes = await this.library.prune();
    await this.announce();
    return bytes;
  }

  registries(): RegistryEntry[] {
    return this.#options.registries.list();
  }

  forgetRegistry(registry: string): void {
    this.#options.registries.forget(registry);
  }

  /** Calls all imports off. */
  dispose(): void {
    this.#imports.dispose();
  }

  #usersOf(digest: string): ImageUser[] {
    return this.#options.machines().filter(({ spec }) => spec.container?.digest === digest);
  }

  #viewOf(image: StoredImage, isMeant: boolean): ImageView {
    const { source, rootBytes, contentBytes, layerCount, importedAtMs, config } = image;
    return {
      ...{ digest: image.manifestDigest, source, rootBytes, contentBytes, layerCount },
      ...{ importedAtMs, config, isMeant },
      usedBy: this.#usersOf(image.manifestDigest).map(({ id }) => id),
    };
  }
}

/** Whether nothing was got by the image's name after it. */
function meantByName(images: readonly StoredImage[], { source, namedAtMs }: StoredImage): boolean {
  return images.every((other) => other.source !== source || other.namedAtMs <= namedAtMs);
}

/** @returns null for files and local engines. @throws AppError `invalid_input`. */
function registryOf(image: string): string | null {
  const source = parseImageName(image);
  return source.kind === 'registry' ? source.registry : null;
}
