/**
 * Owns the table of machines: who exists, under which name, with which definition.
 * Must never know what a machine is doing; that is the process table's and QMP's to tell.
 */
import type { Statement } from 'better-sqlite3';
import { z } from 'zod';
import {
  AppError,
  machineIdSchema,
  machineSpecSchema,
  type MachineId,
  type MachineSpec,
} from '../../shared/index.ts';
import type { NanduDatabase } from './database.ts';
import { isUniqueViolation } from './failures.ts';
import { parseRow, type ParsedRow, type RowProblem } from './rows.ts';
import { upgradeSpec } from './spec-upgrade.ts';

const storedMachineSchema = z.object({
  id: machineIdSchema,
  spec: machineSpecSchema,
  createdAtMs: z.number(),
});

/** A machine as it begins; times are epoch milliseconds. */
export type NewMachine = z.infer<typeof storedMachineSchema>;

/** A machine's definition, and the one before its last edit; null before the first edit. */
export type StoredMachine = NewMachine & { previousSpec: MachineSpec | null };

/** Everything that can be read, and what cannot. */
export interface MachineListing {
  readonly machines: StoredMachine[];
  readonly problems: RowProblem[];
}

interface Row {
  id: string;
  spec: string;
  previous_spec: string | null;
  created_at_ms: number;
}

/**
 * The form of a name by which two are the same: composed, and in small letters. Unicode's default
 * case mapping, so that it is the same in every locale; folded again, as mapping can decompose.
 */
export function nameKey(name: string): string {
  return name.normalize('NFC').toLocaleLowerCase('und').normalize('NFC');
}

/** The machines of this installation. Every method throws AppError as `NanduDatabase.run` does. */
export class MachineRepository {
  readonly #database: NanduDatabase;
  readonly #list: Statement<[], Row>;
  readonly #find: Statement<[string], Row>;
  readonly #insert: Statement<[string, string, string, string, number, number]>;
  readonly #update: Statement<[object]>;
  readonly #delete: Statement<[string]>;

  constructor(database: NanduDatabase) {
    this.#database = database;
    const { connection } = database;
    const columns = 'SELECT id, spec, previous_spec, created_at_ms FROM machines';
    this.#list = connection.prepare(`${columns} ORDER BY created_at_ms, rowid`);
    this.#find = connection.prepare(`${columns} WHERE id = ?`);
    this.#insert = connection.prepare(
      `INSERT INTO machines (id, name, name_key, spec, created_at_ms, updated_at_ms)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#update = connection.prepare(
      // Saving what is there already is no edit that could be taken back.
      `UPDATE machines SET
         previous_spec = CASE spec WHEN @spec THEN previous_spec ELSE spec END,
         name = @name, name_key = @nameKey, spec = @spec, updated_at_ms = @updatedAtMs
       WHERE id = @id`,
    );
    this.#delete = connection.prepare('DELETE FROM machines WHERE id = ?');
  }

  /** All machines in the order of their creation. A row that cannot be read is reported, too. */
  list(): MachineListing {
    const listing: MachineListing = { machines: [], problems: [] };
    for (const row of this.#database.run(() => this.#list.all())) {
      const parsed = this.#parse(row);
      if (parsed.ok) {
        listing.machines.push(parsed.value);
      } else {
        listing.problems.push(parsed.problem);
        this.#database.report(parsed.problem);
      }
    }
    return listing;
  }

  /**
   * @returns null when there is none.
   * @throws AppError `internal` when its definition cannot be read.
   */
  find(id: MachineId): StoredMachine | null {
    const row = this.#database.run(() => this.#find.get(id));
    if (row === undefined) return null;
    const parsed = this.#parse(row);
    if (parsed.ok) return parsed.value;
    throw new AppError('internal', 'The definition of that machine cannot be read.', {
      details: { ...parsed.problem },
    });
  }

  /** @throws AppError `name_taken` with `details.field` = `name`; then nothing was stored. */
  create({ id, spec, createdAtMs }: NewMachine): StoredMachine {
    this.#naming(spec.name, () =>
      this.#insert.run(
        ...([id, spec.name, nameKey(spec.name), JSON.stringify(spec)] as const),
        ...([createdAtMs, createdAtMs] as const),
      ),
    );
    return { id, spec, createdAtMs, previousSpec: null };
  }

  /**
   * Replaces the definition, the name in it included. The former one becomes the previous one.
   * @throws AppError `name_taken`, or `not_found`.
   */
  updateSpec(id: MachineId, spec: MachineSpec, updatedAtMs: number): void {
    const { changes } = this.#naming(spec.name, () =>
      this.#update.run({
        ...{ id, name: spec.name, nameKey: nameKey(spec.name) },
        ...{ spec: JSON.stringify(spec), updatedAtMs },
      }),
    );
    if (changes === 0) throw notFound(id);
  }

  /**
   * @returns the definition before the last edit; null when there is none, or none that can be read.
   * @throws AppError `not_found`, or `internal` when the machine's definition cannot be read.
   */
  previousSpecOf(id: MachineId): MachineSpec | null {
    const machine = this.find(id);
    if (machine === null) throw notFound(id);
    return machine.previousSpec;
  }

  /** @throws AppError `name_taken`, `not_found`, or `internal` when its definition cannot be read. */
  rename(id: MachineId, name: string, updatedAtMs: number): void {
    const machine = this.find(id);
    if (machine === null) throw notFound(id);
    this.updateSpec(id, { ...machine.spec, name }, updatedAtMs);
  }

  /** Forgets a machine, its runs and its journal. @returns whether there was one. */
  delete(id: MachineId): boolean {
    return this.#database.run(() => this.#delete.run(id)).changes > 0;
  }

  #parse(row: Row): ParsedRow<StoredMachine> {
    const parsed = parseRow('machines', row.id, storedMachineSchema, () => ({
      id: row.id,
      spec: upgradeSpec(JSON.parse(row.spec)),
      createdAtMs: row.created_at_ms,
    }));
    if (!parsed.ok) return parsed;
    return { ok: true, value: { ...parsed.value, previousSpec: this.#parsePrevious(row) } };
  }

  /** A previous definition that cannot be read takes only the way back from the machine. */
  #parsePrevious({ id, previous_spec: stored }: Row): MachineSpec | null {
    if (stored === null) return null;
    const parsed = parseRow('machines', id, machineSpecSchema, () =>
      upgradeSpec(JSON.parse(stored)),
    );
    if (parsed.ok) return parsed.value;
    this.#database.report({
      ...parsed.problem,
      message: `previousSpec: ${parsed.problem.message}`,
    });
    return null;
  }

  #naming<T>(name: string, work: () => T): T {
    return this.#database.run(() => {
      try {
        return work();
      } catch (error) {
        if (!isUniqueViolation(error, 'machines.name_key')) throw error;
        throw new AppError(
          'name_taken',
          `There is already a machine called “${name}”. Capital and small letters count as the same.`,
          { cause: error, details: { field: 'name' } },
        );
      }
    });
  }
}

function notFound(id: MachineId): AppError {
  return new AppError('not_found', 'That machine does not exist any more.', { details: { id } });
}
