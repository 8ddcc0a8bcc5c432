/**
 * What was typed as values of a container's secrets, row by row as `container.secrets` has the names.
 * Lives in the page's memory only: never in a draft, a definition or the page's storage.
 */

/** Typed values, as a rune. */
export class SecretValues {
  #texts: readonly string[] = $state.raw([]);

  text(index: number): string {
    return this.#texts[index] ?? '';
  }

  type(index: number, text: string): void {
    const texts = Array.from(
      { length: Math.max(index + 1, this.#texts.length) },
      (_, at) => this.#texts[at] ?? '',
    );
    texts[index] = text;
    this.#texts = texts;
  }

  /** The row of that index is gone. */
  remove(index: number): void {
    this.#texts = this.#texts.filter((_text, at) => at !== index);
  }

  /** Typed values by name; rows without either are left out. */
  byName(names: readonly string[]): Record<string, string> {
    return Object.fromEntries(
      names.flatMap((name, at) => {
        const text = this.text(at);
        return name === '' || text === '' ? [] : [[name, text]];
      }),
    );
  }
}
