/**
 * What the person should know although they did not ask: failures and endings, newest first.
 * Never repeats what is on the screen because the person just did it.
 */

/** One notice. A later one with the same key replaces it. */
export interface Toast {
  key: string;
  tone: 'bad' | 'info';
  title: string;
  text: string;
  action?: { label: string; run: () => void };
}

/** More than this many would cover the page; the oldest give way. */
const mostShown = 4;

/** Notices of endings go by themselves; failures stay until they are dismissed. */
const infoLifetimeMs = 8_000;

/** The list of notices on the screen. */
export class Toasts {
  #list: Toast[] = $state.raw([]);
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing is drawn from the timers
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  get list(): readonly Toast[] {
    return this.#list;
  }

  show(toast: Toast): void {
    this.dismiss(toast.key);
    this.#list = [toast, ...this.#list];
    for (const surplus of this.#list.slice(mostShown)) this.dismiss(surplus.key);
    if (toast.tone === 'info') this.resume(toast.key);
  }

  dismiss(key: string): void {
    this.hold(key);
    this.#list = this.#list.filter((toast) => toast.key !== key);
  }

  /** Keeps a notice while it is being read (pointer or focus on it). */
  hold(key: string): void {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
  }

  /** Lets a held notice go by itself again. */
  resume(key: string): void {
    this.hold(key);
    const toast = this.#list.find((candidate) => candidate.key === key);
    if (toast?.tone !== 'info') return;
    this.#timers.set(
      key,
      setTimeout(() => this.dismiss(key), infoLifetimeMs),
    );
  }
}
