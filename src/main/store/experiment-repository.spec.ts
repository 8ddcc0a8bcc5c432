import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import {
  defaultSpec,
  experimentIdSchema,
  type Experiment,
  type LabResult,
} from '../../shared/index.ts';
import { openDatabase, openWithMigrations } from './database.ts';
import { ExperimentRepository } from './experiment-repository.ts';
import { lab } from './migrations/0005-lab.ts';
import { migrations } from './migrations/all.ts';
import type { RowProblem } from './rows.ts';
import { temporaryDatabase, temporaryPath } from './temporary-database.ts';

const spec = { ...defaultSpec, name: 'web' };
const resultOf = (round: number, variant: number, failed: boolean): LabResult => ({
  ...{ round, variant, startedAtMs: round, boot: null },
  failure: failed ? { message: 'no', log: [] } : null,
});
const anExperiment = (createdAtMs = 1): Experiment => ({
  id: experimentIdSchema.parse(randomUUID()),
  ...{ createdAtMs, state: 'running', reason: null, seed: 7, host: '2 × CPU', results: [] },
  plan: {
    name: 'Kernels',
    variants: ['a', 'b', 'c'].map((name) => ({ name, spec, board: 'microvm' })),
    ...{ rounds: 3, warmUps: 0 },
  },
  commands: [null, null, null],
});

it('counts the boots of each variant, and keeps why an experiment was interrupted', () => {
  const { database, problems } = temporaryDatabase();
  const experiments = new ExperimentRepository(database);
  const [older, newer] = [anExperiment(1), anExperiment(2)];
  experiments.create(older);
  experiments.create(newer);
  const command = { argv: ['qemu'], accelerator: 'tcg', qemuVersion: '7.2' } as const;
  const commands = [{ ...command, argv: [...command.argv] }, null, null];
  for (const result of [resultOf(0, 0, false), resultOf(0, 1, true), resultOf(1, 1, true)]) {
    experiments.addResult(older.id, result, commands);
  }
  experiments.setState(older.id, 'interrupted', 'The disk is full.');
  const [first, second] = experiments.list();
  expect(first).toMatchObject({ id: newer.id, state: 'running', reason: null });
  expect(first?.counts).toEqual([0, 0, 0].map(() => ({ boots: 0, failures: 0 })));
  expect(second).toMatchObject({ id: older.id, reason: 'The disk is full.' });
  expect(second?.counts).toEqual([
    { boots: 1, failures: 0 },
    { boots: 2, failures: 2 },
    { boots: 0, failures: 0 },
  ]);
  expect(experiments.get(older.id)).toMatchObject({ commands, reason: 'The disk is full.' });
  experiments.setState(older.id, 'running');
  expect(experiments.get(older.id).reason).toBeNull();
  // A result is written once, and nothing is written beside one that is not.
  expect(() => experiments.addResult(older.id, resultOf(0, 0, true), [])).toThrow();
  expect(experiments.get(older.id)).toMatchObject({ commands, results: { length: 3 } });
  expect(problems).toEqual([]);
});

it('reads the experiments of an older Nandu, which gave no reasons, beside a damaged result', () => {
  const path = temporaryPath();
  const before = migrations.filter(({ version }) => version <= lab.version);
  const old = openWithMigrations({ path }, before);
  const { id, plan, commands } = anExperiment();
  old.connection
    .prepare(`INSERT INTO experiments VALUES (?, 1, 'paused', ?, 7, '2 × CPU', ?)`)
    .run(id, JSON.stringify(plan), JSON.stringify(commands));
  old.connection.pragma('ignore_check_constraints = ON');
  const insert = old.connection.prepare('INSERT INTO lab_results VALUES (?, ?, ?, ?)');
  insert.run(id, 0, 1, JSON.stringify(resultOf(0, 1, true)));
  insert.run(id, 0, 2, JSON.stringify(resultOf(0, 2, false)));
  insert.run(id, 1, 0, '{ cut o');
  old.close();

  const problems: RowProblem[] = [];
  const database = openDatabase({ path, onProblem: (problem) => problems.push(problem) });
  onTestFinished(() => database.close());
  const experiments = new ExperimentRepository(database);
  expect(experiments.list()[0]?.counts).toEqual([
    { boots: 1, failures: 1 },
    { boots: 1, failures: 1 },
    { boots: 1, failures: 0 },
  ]);
  expect(experiments.get(id)).toMatchObject({ reason: null, results: { length: 2 } });
  expect(problems.map(({ table }) => table)).toEqual(['lab_results']);
});
