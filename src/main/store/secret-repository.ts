/**
 * Owns the table of machines' encrypted values; they go with their machine.
 * Must never see a value that is not encrypted.
 */
import type { Statement } from 'better-sqlite3';
import { AppError, type MachineId } from '../../shared/index.ts';
import type { NanduDatabase } from './database.ts';

/** One encrypted value. */
export interface SecretRow {
  readonly name: string;
  readonly ciphertext: Buffer;
}

/** Every method throws AppError as `NanduDatabase.run` does. */
export class SecretRepository {
  readonly #database: NanduDatabase;
  readonly #list: Statement<[string], SecretRow>;
  readonly #set: Statement<[string, string, Buffer]>;
  readonly #delete: Statement<[string, string]>;
  readonly #hasMachine: Statement<[string], number>;

  constructor(database: NanduDatabase) {
    this.#database = database;
    const { connection } = database;
    this.#list = connection.prepare(
      'SELECT name, ciphertext FROM machine_secrets WHERE machine_id = ? ORDER BY name',
    );
    this.#set = connection.prepare(
      `INSERT INTO machine_secrets (machine_id, name, ciphertext) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET ciphertext = excluded.ciphertext`,
    );
    this.#delete = connection.prepare(
      'DELETE FROM machine_secrets WHERE machine_id = ? AND name = ?',
    );
    this.#hasMachine = connection
      .prepare<[string], number>('SELECT 1 FROM machines WHERE id = ?')
      .pluck();
  }

  list(machineId: MachineId): SecretRow[] {
    return this.#database.run(() => this.#list.all(machineId));
  }

  /**
   * All or none.
   * @param values null removes one.
   * @throws AppError `not_found` when the machine does not exist.
   */
  change(machineId: MachineId, values: ReadonlyMap<string, Buffer | null>): void {
    this.#database.run(() =>
      this.#database.connection.transaction(() => {
        this.assertMachine(machineId);
        for (const [name, ciphertext] of values) {
          if (ciphertext === null) this.#delete.run(machineId, name);
          else this.#set.run(machineId, name, ciphertext);
        }
      })(),
    );
  }

  /** @throws AppError `not_found`. */
  assertMachine(machineId: MachineId): void {
    if (this.#database.run(() => this.#hasMachine.get(machineId)) !== undefined) return;
    throw new AppError('not_found', 'That machine does not exist any more.', {
      details: { id: machineId },
    });
  }
}
