/**
 * One wish for an image, through all of its tries: with a login, unencrypted, once more after a failure.
 * Never keeps a password longer than the try that it is for.
 */
import type { AppError, ImageView, ImportId, ImportProgress } from '../../shared/index.ts';
import { asAppError } from '../api/index.ts';
import type { ImageStore } from './image-store.svelte.ts';

/** A try under way or its failure, as runes. */
export class ImageImport {
  readonly #images: ImageStore;
  #importId: ImportId | null = $state(null);
  #running = $state(false);
  #error: AppError | null = $state.raw(null);
  #cancelling = $state(false);
  #plainHttp = $state(false);
  /** What is typed for a registry that wants to know who asks. */
  user = $state('');
  password = $state('');
  remember = $state(false);

  constructor(images: ImageStore) {
    this.#images = images;
  }

  get running(): boolean {
    return this.#running;
  }

  get cancelling(): boolean {
    return this.#cancelling;
  }

  /** Why the last try failed; null when it was cancelled. */
  get error(): AppError | null {
    return this.#error;
  }

  readonly progress: ImportProgress | null = $derived.by(() =>
    this.#running ? this.#images.progressOf(this.#importId) : null,
  );

  /** The registry wants to know who asks. */
  readonly needsLogin: boolean = $derived.by(() => this.#error?.code === 'registry_denied');

  /** The registry answers only unencrypted. */
  readonly needsPlainHttp: boolean = $derived.by(() => this.#error?.code === 'registry_insecure');

  /** Nothing that was said about another image. */
  reset(): void {
    this.#error = null;
    this.#plainHttp = false;
  }

  allowPlainHttp(): void {
    this.#plainHttp = true;
  }

  /** Fetches an image. Resolves with null when it did not come; `error` then says why. */
  async run(image: string): Promise<ImageView | null> {
    if (this.#running) return null;
    const login =
      this.needsLogin && this.user !== ''
        ? { user: this.user, password: this.password, remember: this.remember }
        : null;
    const importId = crypto.randomUUID() as ImportId;
    await this.#forgetFailure();
    this.#importId = importId;
    this.#running = true;
    this.#error = null;
    try {
      const view = await this.#images.import({
        ...{ importId, image, login, plainHttp: this.#plainHttp },
      });
      this.password = '';
      return view;
    } catch (thrown) {
      const error = asAppError(thrown);
      this.#error = error.code === 'cancelled' ? null : error;
      return null;
    } finally {
      this.#running = false;
      this.#cancelling = false;
    }
  }

  async cancel(): Promise<void> {
    if (this.#importId === null || this.#cancelling) return;
    this.#cancelling = true;
    try {
      await this.#images.cancel(this.#importId);
    } catch {
      // It ended in between; its own answer says how.
    } finally {
      this.#cancelling = false;
    }
  }

  /** Whoever showed it goes. It goes on by itself; a failure that was shown is not shown again. */
  leave(): void {
    this.password = '';
    if (this.#running && this.#importId !== null) this.#images.unwatch(this.#importId);
    else void this.#forgetFailure();
  }

  /** A failure that is shown here needs no place in the list of imports. */
  async #forgetFailure(): Promise<void> {
    if (this.#importId === null || this.#error === null) return;
    const failed = this.#importId;
    this.#importId = null;
    await this.#images.dismiss(failed).catch(() => undefined);
  }
}
