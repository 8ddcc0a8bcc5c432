/**
 * The command of one machine's next start, as main last answered.
 * Never builds a command itself, and never lets a slow answer replace a newer one.
 */
import type { AppError, CommandPreview, MachineId } from '../../shared/index.ts';
import { asAppError, request } from '../api/index.ts';

/** The preview as a rune; the last one stays in view while the next is under way. */
export class CommandPreviewState {
  #preview: CommandPreview | null = $state.raw(null);
  #error: AppError | null = $state.raw(null);
  #loading = $state(false);
  #load = 0;

  get preview(): CommandPreview | null {
    return this.#preview;
  }

  get error(): AppError | null {
    return this.#error;
  }

  get loading(): boolean {
    return this.#loading;
  }

  async load(id: MachineId): Promise<void> {
    this.#load += 1;
    const load = this.#load;
    this.#loading = true;
    try {
      const preview = await request('machine:command', { id });
      if (load !== this.#load) return;
      this.#preview = preview;
      this.#error = null;
    } catch (thrown) {
      if (load !== this.#load) return;
      // A command that no longer belongs to the definition would be copied in good faith.
      this.#preview = null;
      this.#error = asAppError(thrown);
    } finally {
      if (load === this.#load) this.#loading = false;
    }
  }
}
