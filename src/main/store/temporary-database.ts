/**
 * Owns what the store's specs share: a real database in a folder of its own.
 * Must never be imported by anything but specs.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  defaultSpec,
  machineIdSchema,
  runIdSchema,
  type MachineId,
  type RunId,
} from '../../shared/index.ts';
import { openDatabase, type NanduDatabase } from './database.ts';
import type { StoredMachine } from './machine-repository.ts';
import type { RowProblem } from './rows.ts';
import type { NewRun } from './run-repository.ts';

/** The path of a database that does not exist yet; its folder is removed after the test. */
export function temporaryPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nandu-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'nandu.db');
}

/** An open database that is closed after the test, and what it has reported. */
export function temporaryDatabase(): { database: NanduDatabase; problems: RowProblem[] } {
  const problems: RowProblem[] = [];
  const path = temporaryPath();
  const database = openDatabase({ path, onProblem: (problem) => problems.push(problem) });
  onTestFinished(() => database.close());
  return { database, problems };
}

export const machineId = (): MachineId => machineIdSchema.parse(randomUUID());
export const runId = (): RunId => runIdSchema.parse(randomUUID());

export const aMachine = (name: string, createdAtMs = 1000): StoredMachine => ({
  id: machineId(),
  spec: { ...defaultSpec, name },
  createdAtMs,
  previousSpec: null,
});

export const aRun = (machine: MachineId, startedAtMs = 1000.125): NewRun => ({
  id: runId(),
  machineId: machine,
  startedAtMs,
  accelerator: 'tcg',
  qemuVersion: '7.2.22',
  argv: ['qemu-system-x86_64', '-M', 'microvm'],
  spec: { ...defaultSpec, name: 'as it was started' },
});
