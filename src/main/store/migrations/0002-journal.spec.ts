import { expect, it, onTestFinished } from 'vitest';
import { defaultSpec } from '../../../shared/index.ts';
import { openDatabase, openWithMigrations } from '../database.ts';
import { JournalRepository } from '../journal-repository.ts';
import { MachineRepository } from '../machine-repository.ts';
import { openOrRecover } from '../recovery.ts';
import type { RowProblem } from '../rows.ts';
import { RunRepository } from '../run-repository.ts';
import { SettingsRepository } from '../settings-repository.ts';
import { machineId, runId, temporaryPath } from '../temporary-database.ts';
import { initial } from './0001-initial.ts';

const oldSpec = {
  name: 'web',
  preset: 'quiet',
  vcpus: 2,
  memoryMiB: 512,
  kernel: { kind: 'default' },
  initrd: { kind: 'none' },
  commandLine: 'panic=5',
  accelerator: 'kvm',
};
const boot = { phases: [], totalMs: 40.5, reached: 'ready' };
const ids = { machine: machineId(), run: runId() };

/** A file as the first Nandu left it. */
function versionOne(): string {
  const path = temporaryPath();
  const database = openWithMigrations({ path }, [initial]);
  const { connection } = database;
  connection
    .prepare('INSERT INTO machines VALUES (?, ?, ?, ?, 1000.5, 1000.5)')
    .run(ids.machine, 'web', 'web', JSON.stringify(oldSpec));
  connection
    .prepare(
      `INSERT INTO runs (id, machine_id, number, started_at_ms, accelerator, qemu_version, argv, boot)
       VALUES (?, ?, 7, 2000.5, 'kvm', '7.2.22', '["qemu"]', ?)`,
    )
    .run(ids.run, ids.machine, JSON.stringify(boot));
  connection.prepare(`INSERT INTO settings VALUES (1, '{"theme":"dark"}')`).run();
  database.close();
  return path;
}

it.each([
  ['openDatabase', openDatabase],
  [
    'openOrRecover',
    (options: Parameters<typeof openDatabase>[0]) => {
      const { database, recovered } = openOrRecover(options);
      expect(recovered).toBeNull();
      return database;
    },
  ],
])(
  '%s brings a database of the first layout to this one, with all that is in it',
  (_name, open) => {
    const problems: RowProblem[] = [];
    const database = open({ path: versionOne(), onProblem: (problem) => problems.push(problem) });
    onTestFinished(() => database.close());
    const [machines, runs] = [new MachineRepository(database), new RunRepository(database)];
    const spec = { ...defaultSpec, ...oldSpec, preset: 'compatible', quietKernel: true };
    expect(machines.list()).toEqual({
      machines: [{ id: ids.machine, spec, createdAtMs: 1000.5, previousSpec: null }],
      problems: [],
    });
    expect(runs.unfinished()).toMatchObject([{ id: ids.run, number: 7, argv: ['qemu'], boot }]);
    expect(runs.specOf(ids.run)).toBeNull();
    expect(new SettingsRepository(database).get()).toMatchObject({ theme: 'dark', parting: 'ask' });
    expect(new JournalRepository(database).list(ids.machine, 10)).toEqual([]);

    // The old definition is what an edit goes back to, in today's shape.
    machines.rename(ids.machine, 'Web', 3000);
    expect(machines.previousSpecOf(ids.machine)).toEqual(spec);
    expect(problems).toEqual([]);
  },
);

it('goes past a row with nonsense in it, which is reported where it is read', () => {
  const path = versionOne();
  const old = openWithMigrations({ path }, [initial]);
  old.connection.pragma('ignore_check_constraints = ON');
  old.connection.exec(`UPDATE runs SET argv = '["qemu'`);
  old.close();
  const problems: RowProblem[] = [];
  const { database, recovered } = openOrRecover({ path, onProblem: (row) => problems.push(row) });
  onTestFinished(() => database.close());
  expect(recovered).toBeNull();
  expect(new MachineRepository(database).list().machines).toMatchObject([{ id: ids.machine }]);
  expect(new RunRepository(database).list(ids.machine, 10)).toEqual([]);
  expect(problems).toMatchObject([{ table: 'runs', id: ids.run }]);
});
