/**
 * What the person should know although they did not ask: failures and endings, newest first.
 * Never repeats what is on the screen because the person just did it.
 */

/** One notice. A later one with the same key replaces it. */
export interface Toast {
  key: string;
  tone: 'bad' | 'warn' | 'info';
  /** Whom the title speaks of; however long, it leaves the title whole. */
  subject?: string;
  title: string;
  text: string;
  action?: { label: string; run: () => void };
  /** Whether it stays until it is answered: what it leads to is nowhere else. */
  stays?: boolean;
  /** It was put away unanswered. */
  ondismiss?: () => void;
}

/** More than this many would cover the page; the oldest give way. */
const mostShown = 4;

/** A notice goes by itself: what it tells stays on the machine's page and in its journal. */
const lifetimeMs = { bad: 10_000, warn: 10_000, info: 8_000 };

/** The list of notices on the screen. */
export class Toasts {
  #list: Toast[] = $state.raw([]);
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing is drawn from the timers
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nor from what is held
  readonly #held = new Set<string>();

  get list(): readonly Toast[] {
    return this.#list;
  }

  show(toast: Toast): void {
    this.#list = [toast, ...this.#list.filter(({ key }) => key !== toast.key)];
    const passing = this.#list.filter(({ stays }) => stays !== true);
    for (const surplus of passing.slice(mostShown)) this.dismiss(surplus.key);
    this.#startTimer(toast.key);
  }

  dismiss(key: string): void {
    this.hold(key);
    this.#held.delete(key);
    if (this.#list.some((toast) => toast.key === key)) {
      this.#list = this.#list.filter((toast) => toast.key !== key);
    }
  }

  /** Puts away all whose keys begin so: what they lead to is on the screen. */
  dismissAll(prefix: string): void {
    for (const { key } of this.#list.filter((toast) => toast.key.startsWith(prefix))) {
      this.dismiss(key);
    }
  }

  /** Keeps a notice while it is being read (pointer or focus on it). */
  hold(key: string): void {
    this.#held.add(key);
    this.#stopTimer(key);
  }

  /** Lets a held notice go by itself again. */
  resume(key: string): void {
    this.#held.delete(key);
    this.#startTimer(key);
  }

  #startTimer(key: string): void {
    this.#stopTimer(key);
    const toast = this.#list.find((candidate) => candidate.key === key);
    if (!toast || toast.stays === true || this.#held.has(key)) return;
    this.#timers.set(
      key,
      setTimeout(() => this.dismiss(key), lifetimeMs[toast.tone]),
    );
  }

  #stopTimer(key: string): void {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
  }
}
