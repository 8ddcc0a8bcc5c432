/**
 * The last words of machines that ran once, until somebody has read them: one in a dialog, the others in a notice.
 * Never opens a dialog by itself where a person may be typing: whoever adds one says whether it may.
 */
import type { Toasts } from '../ui/index.ts';
import { lastWordsNotice, type LastWords } from './last-words.ts';

const key = 'last-words';

/** Those that ended, the oldest first, as runes. */
export class LastWordsQueue {
  readonly #toasts: Toasts;
  #waiting: readonly LastWords[] = $state.raw([]);
  #shown: LastWords | null = $state.raw(null);

  constructor(toasts: Toasts) {
    this.#toasts = toasts;
  }

  /** What the dialog shows. */
  get shown(): LastWords | null {
    return this.#shown;
  }

  /** How many wait behind it. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** @param atOnce whether the dialog may open for it. */
  add(words: LastWords, atOnce: boolean): void {
    if (atOnce && this.#shown === null) {
      this.#shown = words;
    } else if (words.ended.lines.length === 0) {
      // The notice says it all.
      this.#toasts.show({ ...lastWordsNotice([words]), key: `${key}:${words.ended.name}` });
    } else {
      this.#waiting = [...this.#waiting, words];
      this.#announce();
    }
  }

  /** Shows the oldest that waits; closes the dialog where there is none. */
  next(): void {
    const [first = null, ...rest] = this.#waiting;
    this.#shown = first;
    this.#waiting = rest;
    this.#announce();
  }

  /** What was shown was read; what waits goes on waiting. */
  close(): void {
    this.#shown = null;
  }

  #announce(): void {
    if (this.#waiting.length === 0) return this.#toasts.dismiss(key);
    this.#toasts.show({
      ...{ ...lastWordsNotice(this.#waiting), key, stays: true },
      action: { label: 'Show output', run: () => this.next() },
      ondismiss: () => (this.#waiting = []),
    });
  }
}
