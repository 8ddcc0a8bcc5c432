/**
 * One machine's journal: what main has stored, kept current by its events.
 * Never writes entries and never keeps those of another machine.
 */
import type { AppError, JournalEntry, MachineId } from '../../shared/index.ts';
import { asAppError, request, subscribe } from '../api/index.ts';

/** Answered at once, and more than most machines have. */
const firstPage = 500;

/** Main gives no more than this. */
const mostEntries = 10_000;

/** The entries as a rune, the newest first. */
export class JournalStore {
  readonly #machineId: MachineId;
  #entries: readonly JournalEntry[] = $state.raw([]);
  #loaded = $state(false);
  #error: AppError | null = $state.raw(null);

  constructor(machineId: MachineId) {
    this.#machineId = machineId;
  }

  get entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  get loaded(): boolean {
    return this.#loaded;
  }

  get error(): AppError | null {
    return this.#error;
  }

  /** Listens to main until the returned function is called. */
  connect(): () => void {
    return subscribe('journal:added', (entry) => {
      if (entry.machineId === this.#machineId) this.#put([entry]);
    });
  }

  async load(): Promise<void> {
    this.#error = null;
    try {
      const newest = await this.#ask(firstPage);
      this.#put(newest);
      this.#loaded = true;
      if (newest.length === firstPage) this.#put(await this.#ask(mostEntries));
    } catch (thrown) {
      this.#error = asAppError(thrown);
    }
  }

  #ask(limit: number): Promise<JournalEntry[]> {
    return request('journal:list', { machineId: this.#machineId, limit });
  }

  /** Entries never change, so that an event and an answer may come in either order. */
  #put(entries: readonly JournalEntry[]): void {
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- lives for this call only
    const known = new Set(this.#entries.map(({ id }) => id));
    const added = entries.filter(({ id }) => !known.has(id));
    if (added.length === 0) return;
    this.#entries = [...this.#entries, ...added].sort((a, b) => b.id - a.id).slice(0, mostEntries);
  }
}
