/**
 * Owns the tables of the boot lab: experiments and the result of every boot of theirs.
 * Must never change a result: what was measured stays as it was.
 */
import type { Statement } from 'better-sqlite3';
import {
  AppError,
  experimentSchema,
  labResultSchema,
  type BootCount,
  type Experiment,
  type ExperimentId,
  type LabCommand,
  type LabResult,
  type LabState,
} from '../../shared/index.ts';
import type { NanduDatabase } from './database.ts';
import { parseRow } from './rows.ts';
import { upgradeSpec } from './spec-upgrade.ts';

/** An experiment without its results, which are only counted: of each variant, in the plan's order. */
export type ListedExperiment = Pick<
  Experiment,
  'id' | 'createdAtMs' | 'state' | 'reason' | 'plan'
> & { readonly counts: readonly BootCount[] };

const listedSchema = experimentSchema.pick({
  ...{ id: true, createdAtMs: true, state: true, reason: true, plan: true },
});

interface Count extends BootCount {
  readonly variant: number;
}

interface Row {
  id: string;
  created_at_ms: number;
  state: string;
  reason: string | null;
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
  readonly #counts: Statement<[string], Count>;
  readonly #setState: Statement<[string, string | null, string]>;
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
    this.#counts = connection.prepare(
      `SELECT variant, COUNT(*) AS boots, SUM(failed) AS failures FROM lab_results
       WHERE experiment_id = ? GROUP BY variant`,
    );
    this.#setState = connection.prepare(
      'UPDATE experiments SET state = ?, reason = ? WHERE id = ?',
    );
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
  list(): ListedExperiment[] {
    return this.#database.run(() => this.#list.all()).flatMap((row) => this.#readListed(row));
  }

  /** @throws AppError `not_found`, also for one that cannot be read (reported). */
  get(id: ExperimentId): Experiment {
    const row = this.#database.run(() => this.#get.get(id));
    const [experiment] = row === undefined ? [] : this.#read(row);
    if (experiment === undefined) throw gone(id);
    return experiment;
  }

  /** @param reason as in an experiment. @throws AppError `not_found`. */
  setState(id: ExperimentId, state: LabState, reason: string | null = null): void {
    this.#change(id, () => this.#setState.run(state, reason, id));
  }

  /** @param commands as they are with this result; both are written, or neither. */
  addResult(id: ExperimentId, result: LabResult, commands: readonly (LabCommand | null)[]): void {
    const { round, variant } = result;
    this.#database.run(() =>
      this.#database.connection.transaction(() => {
        this.#addResult.run({ id, round, variant, result: JSON.stringify(result) });
        this.#setCommands.run(JSON.stringify(commands), id);
      })(),
    );
  }

  /** @throws AppError `not_found`. */
  remove(id: ExperimentId): void {
    this.#change(id, () => this.#remove.run(id));
  }

  #change(id: ExperimentId, work: () => { changes: number }): void {
    if (this.#database.run(work).changes === 0) throw gone(id);
  }

  #readListed(row: Row): ListedExperiment[] {
    const parsed = parseRow('experiments', row.id, listedSchema, () => ({
      ...{ id: row.id, createdAtMs: row.created_at_ms, state: row.state, reason: row.reason },
      plan: upgradePlan(JSON.parse(row.plan)),
    }));
    if (!parsed.ok) {
      this.#database.report(parsed.problem);
      return [];
    }
    const found = this.#database
      .run(() => this.#counts.all(row.id))
      .map(({ variant, ...count }) => ({ variant, count }));
    const counts = parsed.value.plan.variants.map(
      (_, index): BootCount =>
        found.find(({ variant }) => variant === index)?.count ?? { boots: 0, failures: 0 },
    );
    return [{ ...parsed.value, counts }];
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
      ...{
        host: row.host,
        reason: row.reason,
        commands: JSON.parse(row.commands) as unknown,
        results,
      },
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
