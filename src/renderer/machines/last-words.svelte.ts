/**
 * The last words of machines that ran once, until somebody has read them: one in a dialog, the others in a notice.
 * Never opens a dialog by itself where a person may be typing: whoever adds one says whether it may.
 * Main keeps them meanwhile, so that a page that is reloaded has them again.
 */
import type { MachineId } from '../../shared/index.ts';
import type { Toasts } from '../ui/index.ts';
import { lastWordsNotice, type LastWords } from './last-words.ts';

const key = 'last-words';

/** Those that ended, the oldest first, as runes. */
export class LastWordsQueue {
  readonly #toasts: Toasts;
  readonly #onread: (ids: readonly MachineId[]) => void;
  #waiting: readonly LastWords[] = $state.raw([]);
  #shown: LastWords | null = $state.raw(null);

  /** @param onread told of those that need not be kept any more. */
  constructor(toasts: Toasts, onread: (ids: readonly MachineId[]) => void) {
    this.#toasts = toasts;
    this.#onread = onread;
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
    if (this.#shown?.id === words.id || this.#waiting.some(({ id }) => id === words.id)) return;
    if (atOnce && this.#shown === null) {
      this.#shown = words;
    } else if (words.ended.lines.length === 0) {
      // The notice says it all.
      this.#toasts.show({ ...lastWordsNotice([words]), key: `${key}:${words.ended.name}` });
      this.#onread([words.id]);
    } else {
      this.#waiting = [...this.#waiting, words];
      this.#announce();
    }
  }

  /** Nobody wants to hear of that one. */
  dismiss(id: MachineId): void {
    this.#onread([id]);
  }

  /** Shows the oldest that waits; closes the dialog where there is none. */
  next(): void {
    const [first = null, ...rest] = this.#waiting;
    this.close();
    this.#shown = first;
    this.#waiting = rest;
    this.#announce();
  }

  /** What was shown was read; what waits goes on waiting. */
  close(): void {
    if (this.#shown) this.#onread([this.#shown.id]);
    this.#shown = null;
  }

  #announce(): void {
    if (this.#waiting.length === 0) return this.#toasts.dismiss(key);
    this.#toasts.show({
      ...{ ...lastWordsNotice(this.#waiting), key, stays: true },
      action: { label: 'Show output', run: () => this.next() },
      ondismiss: () => this.#putAway(),
    });
  }

  #putAway(): void {
    this.#onread(this.#waiting.map(({ id }) => id));
    this.#waiting = [];
  }
}
