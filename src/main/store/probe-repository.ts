/**
 * Owns what was found out about this computer by trying, which is slow to try again.
 * Must never be taken for the truth: whoever asks puts all that it depends on into the key.
 */
import type { Statement } from 'better-sqlite3';
import type { z } from 'zod';
import { AppError, type ErrorCode } from '../../shared/index.ts';
import type { NanduDatabase } from './database.ts';
import { parseRow } from './rows.ts';

/** What keeps a database from being written for a while. */
const passingCodes: readonly ErrorCode[] = ['disk_full', 'database_busy'];

/** A cache of probe results. Its methods throw AppError as `NanduDatabase.run` does. */
export class ProbeRepository {
  readonly #database: NanduDatabase;
  readonly #get: Statement<[string], string>;
  readonly #set: Statement<[string, string, number]>;

  constructor(database: NanduDatabase) {
    this.#database = database;
    const { connection } = database;
    this.#get = connection
      .prepare<[string], string>('SELECT result FROM probes WHERE key = ?')
      .pluck();
    this.#set = connection.prepare(
      `INSERT INTO probes (key, result, probed_at_ms) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET result = excluded.result, probed_at_ms = excluded.probed_at_ms`,
    );
  }

  /** @returns null when nothing is known, or what is known cannot be read (reported): probe anew. */
  get<T>(key: string, schema: z.ZodType<T>): T | null {
    const result = this.#database.run(() => this.#get.get(key));
    if (result === undefined) return null;
    const parsed = parseRow('probes', key, schema, () => JSON.parse(result) as unknown);
    if (parsed.ok) return parsed.value;
    this.#database.report(parsed.problem);
    return null;
  }

  /**
   * Remembers a result, unless the database cannot be written now: then it is found out again next time.
   * @param value plain data.
   * @param probedAtMs epoch milliseconds.
   */
  set(key: string, value: unknown, probedAtMs: number = Date.now()): void {
    try {
      this.#database.run(() => this.#set.run(key, JSON.stringify(value), probedAtMs));
    } catch (error) {
      const passing = error instanceof AppError && passingCodes.includes(error.code);
      if (!passing) throw error;
    }
  }
}
