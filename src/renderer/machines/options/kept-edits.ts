/**
 * Keeps the edits of drafts in the window's own storage, so that neither a page that dies nor the end of the app
 * loses what was typed. What it reads back is parsed: another Nandu, or a disk, may have changed it.
 */
import { z } from 'zod';
import { machineSpecSchema, type MachineId } from '../../../shared/index.ts';
import type { DraftState } from './draft-state.ts';

const prefix = 'nandu.draft.';

const keptSchema = z.object({
  saved: machineSpecSchema,
  /** Out of bounds it is not kept: only what could be saved comes back. */
  value: machineSpecSchema,
  texts: z.record(z.string(), z.string()),
});

/** The part of the page's storage that is needed. */
export type KeptStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

/** The edits of all machines. */
export class KeptEdits {
  readonly #storage: KeptStorage;

  constructor(storage: KeptStorage) {
    this.#storage = storage;
  }

  /** The machines whose edits are kept. */
  ids(): MachineId[] {
    const keys = Array.from({ length: this.#storage.length }, (_, at) => this.#storage.key(at));
    return keys
      .filter((key) => key?.startsWith(prefix) === true)
      .map((key) => (key ?? '').slice(prefix.length) as MachineId);
  }

  /** @returns null when there are none, or none that can be read. */
  read(id: MachineId): DraftState | null {
    const text = this.#storage.getItem(prefix + id);
    if (text === null) return null;
    try {
      const parsed = keptSchema.safeParse(JSON.parse(text));
      if (parsed.success) return parsed.data;
    } catch {
      // Not JSON: as good as none.
    }
    this.forget(id);
    return null;
  }

  keep(id: MachineId, state: DraftState): void {
    try {
      this.#storage.setItem(prefix + id, JSON.stringify(state));
    } catch {
      // Storage that is full keeps what was kept before; the draft itself is untouched.
    }
  }

  forget(id: MachineId): void {
    this.#storage.removeItem(prefix + id);
  }
}
