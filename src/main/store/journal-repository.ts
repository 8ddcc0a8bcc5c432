/**
 * Owns the table of the journal: what was done to each machine and what happened to it.
 * Must never grow without bound, and never change an entry.
 */
import type { Statement } from 'better-sqlite3';
import {
  AppError,
  journalEntrySchema,
  type JournalEntry,
  type MachineId,
} from '../../shared/index.ts';
import type { NanduDatabase } from './database.ts';
import { isForeignKeyViolation } from './failures.ts';
import { parseRow } from './rows.ts';

/** Of each machine so many entries are kept, the newest ones. */
export const journalEntriesKept = 2_000;

/** An entry as it is written; the repository gives it its id. */
export type NewJournalEntry = Omit<JournalEntry, 'id'>;

/** The journals of all machines. Both methods throw AppError as `NanduDatabase.run` does. */
export class JournalRepository {
  readonly #database: NanduDatabase;
  readonly #insert: Statement<[object], number>;
  readonly #prune: Statement<[object]>;
  readonly #list: Statement<[string, number], JournalEntry>;
  readonly #addPruned: (entry: NewJournalEntry) => number[];

  constructor(database: NanduDatabase) {
    this.#database = database;
    const { connection } = database;
    this.#insert = connection
      .prepare<[object], number>(
        `INSERT INTO journal (machine_id, run_id, at_ms, kind, message)
         VALUES (@machineId, @runId, @atMs, @kind, @message) RETURNING id`,
      )
      .pluck();
    // Walks over the index alone, whose entries are small.
    this.#prune = connection.prepare(
      `DELETE FROM journal WHERE machine_id = @machineId AND id <= (
         SELECT id FROM journal WHERE machine_id = @machineId
         ORDER BY id DESC LIMIT 1 OFFSET ${journalEntriesKept})`,
    );
    this.#list = connection.prepare(
      `SELECT id, machine_id AS machineId, run_id AS runId, at_ms AS atMs, kind, message
       FROM journal WHERE machine_id = ? ORDER BY id DESC LIMIT ?`,
    );
    this.#addPruned = connection.transaction((entry: NewJournalEntry) => {
      // Not get(): it would leave the statement open, and the commit could fail.
      const ids = this.#insert.all(entry);
      this.#prune.run({ machineId: entry.machineId });
      return ids;
    }).immediate;
  }

  /**
   * Writes an entry; of the oldest ones, what is more than {@link journalEntriesKept} goes.
   * @throws AppError `not_found` when its machine does not exist.
   */
  add({ machineId, runId, atMs, kind, message }: NewJournalEntry): JournalEntry {
    const entry = { machineId, runId, atMs, kind, message };
    const [id] = this.#database.run(() => {
      try {
        return this.#addPruned(entry);
      } catch (error) {
        if (!isForeignKeyViolation(error)) throw error;
        throw new AppError('not_found', 'That machine does not exist any more.', {
          cause: error,
          details: { id: machineId },
        });
      }
    });
    if (id === undefined) throw new Error('INSERT … RETURNING gave no row.');
    return { id, ...entry };
  }

  /** The machine's newest entries, newest first. Rows that cannot be read are reported and left out. */
  list(machineId: MachineId, limit: number): JournalEntry[] {
    const entries: JournalEntry[] = [];
    for (const row of this.#database.run(() => this.#list.all(machineId, limit))) {
      const parsed = parseRow('journal', String(row.id), journalEntrySchema, () => row);
      if (parsed.ok) entries.push(parsed.value);
      else this.#database.report(parsed.problem);
    }
    return entries;
  }
}
