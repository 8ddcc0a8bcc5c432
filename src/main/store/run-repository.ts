/**
 * Owns the table of runs: the history of every machine, and what is needed to adopt a run.
 * Must never decide how a run ended; it only remembers.
 */
import type { Statement } from 'better-sqlite3';
import {
  AppError,
  bootFileStampsSchema,
  machineSpecSchema,
  runSchema,
  type BootFileStamps,
  type BootTimeline,
  type MachineId,
  type MachineSpec,
  type Run,
  type RunEnd,
  type RunId,
} from '../../shared/index.ts';
import type { NanduDatabase } from './database.ts';
import { isForeignKeyViolation } from './failures.ts';
import { parseRow } from './rows.ts';
import { upgradeSpec } from './spec-upgrade.ts';

/** A run as it begins; the repository gives it its number. */
export type NewRun = Omit<Run, 'number' | 'endedAtMs' | 'boot' | 'end' | 'note' | 'baseline'> & {
  /** The machine's definition as it is started. Kept beside the run, see {@link RunRepository.specOf}. */
  spec: MachineSpec;
  /** What it was booted from, where somebody looked. Kept beside the run, see {@link RunRepository.bootFilesOf}. */
  bootFiles?: BootFileStamps | null;
};

interface Row {
  id: string;
  machine_id: string;
  number: number;
  started_at_ms: number;
  ended_at_ms: number | null;
  accelerator: string;
  qemu_version: string;
  argv: string;
  boot: string | null;
  ending: string | null;
  note: string;
  baseline: number;
}

/** The runs of all machines. Every method throws AppError as `NanduDatabase.run` does. */
export class RunRepository {
  readonly #database: NanduDatabase;
  readonly #start: Statement<[object], { number: number }>;
  readonly #recordBoot: Statement<[string, string]>;
  readonly #finish: Statement<[number, string, string]>;
  readonly #annotate: Statement<[string, string]>;
  readonly #unpinAll: Statement<[string]>;
  readonly #unpin: Statement<[string]>;
  readonly #pin: Statement<[string]>;
  readonly #get: Statement<[string], Row>;
  readonly #list: Statement<[string, number], Row>;
  readonly #recent: Statement<[number], Row>;
  readonly #unfinished: Statement<[], Row>;
  readonly #specOf: Statement<[string], string | null>;
  readonly #bootFilesOf: Statement<[string], string | null>;
  readonly #has: Statement<[string], number>;

  constructor(database: NanduDatabase) {
    this.#database = database;
    const { connection } = database;
    // One statement, hence one transaction: two starts cannot get the same number.
    this.#start = connection.prepare(
      `INSERT INTO runs
         (id, machine_id, number, started_at_ms, accelerator, qemu_version, argv, spec, boot_files)
       SELECT @id, @machineId, coalesce(max(number), 0) + 1, @startedAtMs, @accelerator,
              @qemuVersion, @argv, @spec, @bootFiles
       FROM runs WHERE machine_id = @machineId
       RETURNING number`,
    );
    this.#recordBoot = connection.prepare('UPDATE runs SET boot = ? WHERE id = ?');
    this.#finish = connection.prepare('UPDATE runs SET ended_at_ms = ?, ending = ? WHERE id = ?');
    const columns = `SELECT id, machine_id, number, started_at_ms, ended_at_ms, accelerator,
                            qemu_version, argv, boot, ending, note, baseline FROM runs`;
    this.#annotate = connection.prepare('UPDATE runs SET note = ? WHERE id = ?');
    this.#unpinAll = connection.prepare(
      `UPDATE runs SET baseline = 0 WHERE baseline = 1
         AND machine_id = (SELECT machine_id FROM runs WHERE id = ?)`,
    );
    this.#unpin = connection.prepare('UPDATE runs SET baseline = 0 WHERE id = ?');
    this.#pin = connection.prepare('UPDATE runs SET baseline = 1 WHERE id = ?');
    this.#get = connection.prepare(`${columns} WHERE id = ?`);
    this.#list = connection.prepare(`${columns} WHERE machine_id = ? ORDER BY number DESC LIMIT ?`);
    this.#recent = connection.prepare(
      `${columns} ORDER BY started_at_ms DESC, machine_id, number DESC LIMIT ?`,
    );
    this.#unfinished = connection.prepare(
      `${columns} WHERE ending IS NULL ORDER BY started_at_ms, number`,
    );
    this.#specOf = connection
      .prepare<[string], string | null>('SELECT spec FROM runs WHERE id = ?')
      .pluck();
    this.#bootFilesOf = connection
      .prepare<[string], string | null>('SELECT boot_files FROM runs WHERE id = ?')
      .pluck();
    this.#has = connection.prepare<[string], number>('SELECT 1 FROM runs WHERE id = ?').pluck();
  }

  /**
   * Remembers that a run begins.
   * @throws AppError `not_found` when its machine does not exist.
   */
  start({ spec, bootFiles = null, ...run }: NewRun): Run {
    const [row] = this.#database.run(() => {
      try {
        // Not get(): it stops at the first row, and the commit that follows could fail unheard.
        return this.#start.all({
          ...{ ...run, argv: JSON.stringify(run.argv), spec: JSON.stringify(spec) },
          bootFiles: bootFiles === null ? null : JSON.stringify(bootFiles),
        });
      } catch (error) {
        if (!isForeignKeyViolation(error)) throw error;
        throw new AppError('not_found', 'That machine does not exist any more.', {
          cause: error,
          details: { id: run.machineId },
        });
      }
    });
    if (row === undefined) throw new Error('INSERT … RETURNING gave no row.');
    return {
      ...run,
      number: row.number,
      endedAtMs: null,
      boot: null,
      end: null,
      note: '',
      baseline: false,
    };
  }

  /**
   * Remembers how it booted; a later call replaces an earlier one.
   * @throws AppError `not_found`.
   */
  recordBoot(id: RunId, timeline: BootTimeline): void {
    this.#change(id, () => this.#recordBoot.run(JSON.stringify(timeline), id));
  }

  /**
   * Remembers how it ended.
   * @param endedAtMs epoch milliseconds.
   * @throws AppError `not_found`.
   */
  finish(id: RunId, endedAtMs: number, end: RunEnd): void {
    this.#change(id, () => this.#finish.run(endedAtMs, JSON.stringify(end), id));
  }

  /**
   * Keeps what a person wrote about it.
   * @throws AppError `not_found`.
   */
  annotate(id: RunId, note: string): Run {
    this.#change(id, () => this.#annotate.run(note, id));
    return this.get(id);
  }

  /**
   * Makes it its machine's baseline in place of any other, or takes that back.
   * @throws AppError `not_found`.
   */
  setBaseline(id: RunId, baseline: boolean): Run {
    this.#database.run(() => {
      if (!baseline) return this.#unpin.run(id);
      return this.#database.connection.transaction(() => {
        this.#unpinAll.run(id);
        this.#pin.run(id);
      })();
    });
    return this.get(id);
  }

  /** @throws AppError `not_found`, also for one that cannot be read (reported). */
  get(id: RunId): Run {
    const row = this.#database.run(() => this.#get.get(id));
    const [run] = row === undefined ? [] : this.#read([row]);
    if (run === undefined) throw gone(id);
    return run;
  }

  /** @returns the machine's newest run that can be read, null when there is none. */
  latest(machineId: MachineId): Run | null {
    // The newest alone is read, unless it is damaged.
    return this.list(machineId, 1)[0] ?? this.list(machineId, 100)[0] ?? null;
  }

  /** The machine's newest runs, newest first. Rows that cannot be read are reported and left out. */
  list(machineId: MachineId, limit: number): Run[] {
    return this.#read(this.#database.run(() => this.#list.all(machineId, limit)));
  }

  /** The newest runs of all machines, newest first. Rows that cannot be read are reported and left out. */
  recent(limit: number): Run[] {
    return this.#read(this.#database.run(() => this.#recent.all(limit)));
  }

  /** All runs without an end, oldest first: they still go on, or ended while nobody watched. */
  unfinished(): Run[] {
    return this.#read(this.#database.run(() => this.#unfinished.all()));
  }

  /** Whether there is such a run, finished or not. */
  has(id: RunId): boolean {
    return this.#database.run(() => this.#has.get(id)) !== undefined;
  }

  /**
   * @returns the definition with which the run was started; null when the run is not known, is older
   *   than such records, or it cannot be read (reported).
   */
  specOf(id: RunId): MachineSpec | null {
    const stored = this.#database.run(() => this.#specOf.get(id));
    if (stored === undefined || stored === null) return null;
    const parsed = parseRow('runs', id, machineSpecSchema, () => upgradeSpec(JSON.parse(stored)));
    if (parsed.ok) return parsed.value;
    this.#database.report({ ...parsed.problem, message: `spec: ${parsed.problem.message}` });
    return null;
  }

  /** @returns what the run was booted from; null when that is not known, or cannot be read (reported). */
  bootFilesOf(id: RunId): BootFileStamps | null {
    const stored = this.#database.run(() => this.#bootFilesOf.get(id));
    if (stored === undefined || stored === null) return null;
    const parsed = parseRow('runs', id, bootFileStampsSchema, () => JSON.parse(stored));
    if (parsed.ok) return parsed.value;
    this.#database.report({ ...parsed.problem, message: `files: ${parsed.problem.message}` });
    return null;
  }

  #change(id: RunId, work: () => { changes: number }): void {
    if (this.#database.run(work).changes > 0) return;
    throw gone(id);
  }

  #read(rows: Row[]): Run[] {
    const runs: Run[] = [];
    for (const row of rows) {
      const parsed = parseRow('runs', row.id, runSchema, () => ({
        id: row.id,
        machineId: row.machine_id,
        number: row.number,
        startedAtMs: row.started_at_ms,
        endedAtMs: row.ended_at_ms,
        accelerator: row.accelerator,
        qemuVersion: row.qemu_version,
        argv: JSON.parse(row.argv) as unknown,
        boot: row.boot === null ? null : (JSON.parse(row.boot) as unknown),
        end: row.ending === null ? null : (JSON.parse(row.ending) as unknown),
        note: row.note,
        baseline: row.baseline === 1,
      }));
      if (parsed.ok) runs.push(parsed.value);
      else this.#database.report(parsed.problem);
    }
    return runs;
  }
}

function gone(id: RunId): AppError {
  return new AppError('not_found', 'That run does not exist any more.', { details: { id } });
}
