/**
 * Writes the machines' journal and tells who listens. An entry that cannot be stored now is kept and
 * stored later; it never stands in the way of what it reports.
 */
import type { JournalEntry, JournalKind, MachineId, RunId } from '../../shared/index.ts';
import type { JournalRepository, WriteQueue } from '../store/index.ts';

/** What {@link Journal} is built from. */
export interface JournalOptions {
  readonly entries: JournalRepository;
  readonly writes: WriteQueue;
  readonly onAdded: (entry: JournalEntry) => void;
}

/** The journal of all machines. */
export class Journal {
  readonly #options: JournalOptions;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  add(machineId: MachineId, runId: RunId | null, kind: JournalKind, message: string): void {
    const { entries, writes, onAdded } = this.#options;
    const atMs = Date.now();
    writes.write(`journal of ${machineId}`, () =>
      onAdded(entries.add({ machineId, runId, atMs, kind, message })),
    );
  }

  /** The newest first. */
  list(machineId: MachineId, limit: number): JournalEntry[] {
    return this.#options.entries.list(machineId, limit);
  }
}
