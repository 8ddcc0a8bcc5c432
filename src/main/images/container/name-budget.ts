/** Bounds what is held of names in memory: an image of ill will has as many and as long ones as it likes. */

/** What an entry of a map costs beside its text, roughly. */
const overheadBytes = 160;

/** One collection's share. */
export class NameBudget {
  #leftBytes: number;

  constructor(mostBytes = 8 * 1024 * 1024) {
    this.#leftBytes = mostBytes;
  }

  /** @returns whether there was room for it. */
  take(...texts: readonly string[]): boolean {
    this.#leftBytes -= costOf(texts);
    return this.#leftBytes >= 0;
  }

  /** It is held no more. */
  give(...texts: readonly string[]): void {
    this.#leftBytes += costOf(texts);
  }
}

function costOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, overheadBytes);
}
