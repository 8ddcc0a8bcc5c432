/**
 * A small reactive string that survives a reload of the page but not the end of the app.
 * Never holds anything that main should know.
 */

/** One named string in session storage, as a rune. */
export class SessionValue {
  readonly #key: string;
  #value: string | null = $state(null);

  constructor(name: string) {
    this.#key = `nandu.${name}`;
    this.#value = sessionStorage.getItem(this.#key);
  }

  get current(): string | null {
    return this.#value;
  }

  set current(value: string | null) {
    this.#value = value;
    if (value === null) sessionStorage.removeItem(this.#key);
    else sessionStorage.setItem(this.#key, value);
  }
}
