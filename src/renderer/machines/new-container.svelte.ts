/**
 * The container's part of the "New machine" dialog: the image that is asked for, the draft of all that is said
 * about it, and the values of its secrets. Makes nothing by itself.
 */
import {
  defaultContainer,
  defaultSpec,
  machineSpecSchema,
  type ImageView,
  type MachineSpec,
} from '../../shared/index.ts';
import { findImage, ImageImport, type ImageStore } from '../images/index.ts';
import { withContainer } from './machine-form.ts';
import { SecretValues } from './options/secret-values.svelte.ts';
import { NewSpecDraft } from './options/spec-draft.svelte.ts';

/** Stands in until the image is here: good for a check, never for a machine. */
export const pendingImage = { source: 'pending', digest: `sha256:${'0'.repeat(64)}` };

export class NewContainer {
  readonly #images: ImageStore;
  readonly draft = new NewSpecDraft(
    machineSpecSchema.parse({
      ...{ ...defaultSpec, name: 'new' },
      container: {
        ...{ ...defaultContainer, image: pendingImage.source, digest: pendingImage.digest },
      },
    }),
  );
  readonly secrets = new SecretValues();
  readonly wish: ImageImport;
  #image = $state('');

  constructor(images: ImageStore, image: string) {
    this.#images = images;
    this.wish = new ImageImport(images);
    this.#image = image;
  }

  /** As it was typed. */
  get image(): string {
    return this.#image;
  }

  set image(image: string) {
    this.#image = image;
    this.wish.reset();
  }

  readonly wanted: boolean = $derived.by(() => this.#image.trim() !== '');

  /** The image, if it is here. */
  readonly view: ImageView | null = $derived.by(() => findImage(this.#images.list, this.#image));

  /** The image, fetched if need be; null when it did not come. */
  async fetch(): Promise<ImageView | null> {
    return this.view ?? (await this.wish.run(this.#image.trim()));
  }

  /** The definition with the container in it; null while something of it is out of bounds. */
  specWith(spec: MachineSpec, image: Pick<ImageView, 'source' | 'digest'>): MachineSpec | null {
    return this.draft.spec && withContainer(spec, this.draft.spec, image);
  }

  /** The secrets' values by name, to be kept beside the definition. */
  secretValues(): Record<string, string> {
    return this.secrets.byName(this.draft.value.container?.secrets ?? []);
  }
}
