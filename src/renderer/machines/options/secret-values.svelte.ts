/**
 * What was typed as values of a container's secrets, row by row as `container.secrets` has the names.
 * Lives in the page's memory only: never in a draft, a definition or the page's storage.
 */
import { untrack } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import type { MachineId } from '../../../shared/index.ts';

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

  /** Whether any value was typed. */
  get any(): boolean {
    return this.#texts.some((text) => text !== '');
  }

  clear(): void {
    this.#texts = [];
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

/** What was typed for machines that are there, so that leaving the Settings tab loses nothing. */
export class TypedSecrets {
  readonly #values = new SvelteMap<MachineId, SecretValues>();

  /** The machine's, made when there are none. */
  of(id: MachineId): SecretValues {
    const known = untrack(() => this.#values.get(id));
    if (known) return known;
    const made = new SecretValues();
    untrack(() => this.#values.set(id, made));
    return made;
  }

  /** Whether values were typed that are not set yet. */
  has(id: MachineId): boolean {
    return this.#values.get(id)?.any === true;
  }

  forget(id: MachineId): void {
    this.#values.delete(id);
  }
}

/** The window's. */
export const typedSecrets = new TypedSecrets();
