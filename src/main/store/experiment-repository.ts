/**
 * Owns the tables of the boot lab: experiments and the result of every boot of theirs.
 * Must never change a result: what was measured stays as it was.
 */
import type { Statement } from 'better-sqlite3';
import {
  AppError,
  experimentSchema,
  labResultSchema,
  type Experiment,
  type ExperimentId,
  type LabCommand,
  type LabResult,
  type LabState,
} from '../../shared/index.ts';
import type { NanduDatabase } from './database.ts';
import { parseRow } from './rows.ts';
import { upgradeSpec } from './spec-upgrade.ts';

interface Row {
  id: string;
  created_at_ms: number;
  state: string;
  plan: string;
  seed: number;
  host: string;
  commands: string;
}

/** All experiments. Every method throws AppError as `NanduDatabase.run` does. */
export class ExperimentRepository {
  readonly #database: NanduDatabase;
  readonly #insert: Statement<[object]>;
  readonly #list: Statement<[], Row>;
  readonly #get: Statement<[string], Row>;
  readonly #results: Statement<[string], string>;
  readonly #setState: Statement<[string, string]>;
  readonly #setCommands: Statement<[string, string]>;
  readonly #addResult: Statement<[object]>;
  readonly #remove: Statement<[string]>;

  constructor(database: NanduDatabase) {
    this.#database = database;
    const { connection } = database;
    this.#insert = connection.prepare(
      `INSERT INTO experiments (id, created_at_ms, state, plan, seed, host, commands)
       VALUES (@id, @createdAtMs, @state, @plan, @seed, @host, @commands)`,
    );
    this.#list = connection.prepare('SELECT * FROM experiments ORDER BY created_at_ms DESC');
    this.#get = connection.prepare('SELECT * FROM experiments WHERE id = ?');
    this.#results = connection
      .prepare<[string], string>(
        'SELECT result FROM lab_results WHERE experiment_id = ? ORDER BY round, variant',
      )
      .pluck();
    this.#setState = connection.prepare('UPDATE experiments SET state = ? WHERE id = ?');
    this.#setCommands = connection.prepare('UPDATE experiments SET commands = ? WHERE id = ?');
    this.#addResult = connection.prepare(
      `INSERT INTO lab_results (experiment_id, round, variant, result)
       VALUES (@id, @round, @variant, @result)`,
    );
    this.#remove = connection.prepare('DELETE FROM experiments WHERE id = ?');
  }

  create(experiment: Experiment): void {
    const { id, createdAtMs, state, seed, host, plan, commands } = experiment;
    this.#database.run(() =>
      this.#insert.run({
        ...{ id, createdAtMs, state, seed, host },
        ...{ plan: JSON.stringify(plan), commands: JSON.stringify(commands) },
      }),
    );
  }

  /** The newest first. Those that cannot be read are reported and left out. */
  list(): Experiment[] {
    return this.#database.run(() => this.#list.all()).flatMap((row) => this.#read(row));
  }

  /** @throws AppError `not_found`, also for one that cannot be read (reported). */
  get(id: ExperimentId): Experiment {
    const row = this.#database.run(() => this.#get.get(id));
    const [experiment] = row === undefined ? [] : this.#read(row);
    if (experiment === undefined) throw gone(id);
    return experiment;
  }

  /** @throws AppError `not_found`. */
  setState(id: ExperimentId, state: LabState): void {
    this.#change(id, () => this.#setState.run(state, id));
  }

  /** @throws AppError `not_found`. */
  setCommands(id: ExperimentId, commands: readonly (LabCommand | null)[]): void {
    this.#change(id, () => this.#setCommands.run(JSON.stringify(commands), id));
  }

  addResult(id: ExperimentId, result: LabResult): void {
    const { round, variant } = result;
    this.#database.run(() =>
      this.#addResult.run({ id, round, variant, result: JSON.stringify(result) }),
    );
  }

  /** @throws AppError `not_found`. */
  remove(id: ExperimentId): void {
    this.#change(id, () => this.#remove.run(id));
  }

  #change(id: ExperimentId, work: () => { changes: number }): void {
    if (this.#database.run(work).changes === 0) throw gone(id);
  }

  #read(row: Row): Experiment[] {
    const results = this.#database
      .run(() => this.#results.all(row.id))
      .flatMap((text) => {
        const parsed = parseRow('lab_results', row.id, labResultSchema, () => JSON.parse(text));
        if (parsed.ok) return [parsed.value];
        this.#database.report(parsed.problem);
        return [];
      });
    const parsed = parseRow('experiments', row.id, experimentSchema, () => ({
      ...{ id: row.id, createdAtMs: row.created_at_ms, state: row.state, seed: row.seed },
      ...{ host: row.host, commands: JSON.parse(row.commands) as unknown, results },
      plan: upgradePlan(JSON.parse(row.plan)),
    }));
    if (parsed.ok) return [parsed.value];
    this.#database.report(parsed.problem);
    return [];
  }
}

function gone(id: ExperimentId): AppError {
  return new AppError('not_found', 'That experiment does not exist any more.', { details: { id } });
}

/** Definitions of an older Nandu lack what was not known then. */
function upgradePlan(stored: unknown): unknown {
  const { variants, ...plan } = stored as { variants?: unknown };
  if (!Array.isArray(variants)) return stored;
  return {
    ...plan,
    variants: variants.map((variant: { spec?: unknown }) => ({
      ...variant,
      spec: upgradeSpec(variant.spec),
    })),
  };
}
