/**
 * What the person chose for the whole app, as main keeps it. Applies nothing by itself: main hands the
 * theme to nativeTheme and keeps or stops machines.
 */
import { defaultSettings, type AppError, type Settings } from '../../shared/index.ts';
import { asAppError, request } from '../api/index.ts';

/** The stored settings as a rune. */
export class SettingsStore {
  #settings: Settings = $state.raw(defaultSettings);
  #loaded = $state(false);
  #error: AppError | null = $state.raw(null);
  /** One change after the other: each is made to what the one before it left. */
  #changes: Promise<unknown> = Promise.resolve();

  get current(): Settings {
    return this.#settings;
  }

  get loaded(): boolean {
    return this.#loaded;
  }

  /** Why they could not be read; changing them then would overwrite what is stored. */
  get error(): AppError | null {
    return this.#error;
  }

  async load(): Promise<void> {
    try {
      this.#settings = await request('settings:get');
      this.#loaded = true;
      this.#error = null;
    } catch (thrown) {
      this.#error = asAppError(thrown);
    }
  }

  /** Stores a change, and shows it at once. Resolves with the failure, if there is one. */
  change(part: Partial<Settings>): Promise<AppError | null> {
    const change = this.#changes.then(() => this.#store(part));
    this.#changes = change;
    return change;
  }

  async #store(part: Partial<Settings>): Promise<AppError | null> {
    const before = this.#settings;
    const wanted = { ...before, ...part };
    this.#settings = wanted;
    try {
      if (!this.#loaded) await this.load();
      if (this.#error) throw this.#error;
      this.#settings = await request('settings:set', { ...this.#settings, ...part });
      return null;
    } catch (thrown) {
      this.#settings = before;
      return asAppError(thrown);
    }
  }
}
