/**
 * Which secrets of a machine have a value that is kept, and the requests that set and remove values.
 * Never sees a value again that was set.
 */
import type { MachineId } from '../../../shared/index.ts';
import { asAppError, request } from '../../api/index.ts';
import { leftOver } from './secret-names.ts';

/** The kept secrets of one machine, as runes. */
export class KeptSecrets {
  readonly #id: MachineId;
  #names: readonly string[] = $state.raw([]);
  #failure: string | null = $state(null);

  constructor(id: MachineId) {
    this.#id = id;
  }

  /** The names of those that have a value. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Why the last request failed. */
  get failure(): string | null {
    return this.#failure;
  }

  load(): Promise<boolean> {
    return this.#try(async () => undefined);
  }

  /** Resolves with whether they are kept. */
  set(values: Readonly<Record<string, string>>): Promise<boolean> {
    return this.#try(() => request('secret:set', { id: this.#id, values }));
  }

  /** The definition that is saved has these and no others: values of others are removed. */
  saved(secrets: readonly string[]): Promise<boolean> {
    return this.#try(async () => {
      const values = leftOver(await request('secret:list', { id: this.#id }), secrets);
      if (Object.keys(values).length > 0) await request('secret:set', { id: this.#id, values });
    });
  }

  async #try(work: () => Promise<unknown>): Promise<boolean> {
    this.#failure = null;
    try {
      await work();
      this.#names = await request('secret:list', { id: this.#id });
      return true;
    } catch (thrown) {
      this.#failure = asAppError(thrown).message;
      return false;
    }
  }
}
