/**
 * Reads the parts of the window that its first view does without: a person sees and can press that sooner.
 * Is told when to begin; where nothing needs them, the page must not be busy.
 */
import { AppError } from '../shared/index.ts';

/** What a person needs at least to press anything, in which the page has itself to draw. */
const settleMs = 500;
/** So long the page may be busy then before they are read all the same. */
const idleDeadlineMs = 500;

type Parts = typeof import('./later.ts');

/** Those parts, as soon as they are there. */
export class LaterParts {
  /** Null until then. */
  current: Parts | null = $state.raw(null);
  /** Why they could not be read. */
  error: AppError | null = $state.raw(null);
  #loading: Promise<Parts | null> | null = null;

  /** Once the window has settled and the page has nothing to draw; nobody waits for them yet. */
  loadWhenIdle(): void {
    const load = (): void => void this.load();
    setTimeout(() => requestIdleCallback(load, { timeout: idleDeadlineMs }), settleMs);
  }

  /**
   * Once, however often it is called: what a browser could not read it does not try again.
   * @returns null where they cannot be read, which `error` says.
   */
  load(): Promise<Parts | null> {
    this.#loading ??= import('./later.ts').then(
      (parts) => (this.current = parts),
      (cause: unknown) => {
        const text =
          'Its installation is damaged: install Nandu again. Your machines are untouched.';
        this.error = new AppError('internal', text, { cause });
        return null;
      },
    );
    return this.#loading;
  }
}
