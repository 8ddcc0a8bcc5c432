/**
 * One data folder with the apps that were opened on it and the machines that ran. At its end nothing may be
 * missing and nothing left, whatever was done to them.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { isAlive, runFiles, type RunFiles } from '../../src/main/host/index.ts';
import { readLaunchRecord, type LaunchRecord } from '../../src/main/machines/launch-record.ts';
import { withChanges, type MachineId } from '../../src/shared/index.ts';
import { Services } from './services.ts';
import { TestView } from './test-view.ts';

/** A machine under test with its process. */
export interface Subject {
  readonly services: Services;
  readonly id: MachineId;
  readonly record: LaunchRecord;
  readonly files: RunFiles;
  readonly view: TestView;
  readonly type: (text: string) => void;
}

/** One data folder and all that ran on it. */
export class Scene {
  readonly path: string;
  readonly #open = new Set<Services>();
  readonly #records: LaunchRecord[] = [];
  readonly #definitions = new Map<MachineId, string>();

  constructor(path: string) {
    this.path = path;
  }

  async app(): Promise<Services> {
    const services = await Services.open(this.path);
    this.#open.add(services);
    return services;
  }

  async quit(services: Services): Promise<void> {
    this.#open.delete(services);
    await services.close('keep');
  }

  async start(services: Services, changes: Record<string, unknown> = {}): Promise<Subject> {
    const spec = withChanges(services.spec({ quietKernel: true }), changes);
    const { id } = await services.manager.create(spec);
    return this.boot(services, id);
  }

  async boot(services: Services, id: MachineId): Promise<Subject> {
    const { manager } = services;
    const view = new TestView();
    const console = manager.openConsole(id, view.sink);
    await manager.start(id);
    await services.untilReady(id);
    await view.shows('/ # ');
    const record = await this.recordOf(services, id);
    const files = runFiles(services.paths, record.runId);
    return { services, id, record, files, view, type: (text) => console.input(text) };
  }

  async recordOf(services: Services, id: MachineId): Promise<LaunchRecord> {
    const run = services.manager.get(id).run;
    assert(run !== null);
    const record = await readLaunchRecord(runFiles(services.paths, run.id).launchRecord);
    assert(record !== null, 'the run has no record');
    this.expect(record, services.manager.get(id).spec.name);
    return record;
  }

  /** From here on the machine must be known and its process must not be left over. */
  expect(record: LaunchRecord, name: string): void {
    this.#records.push(record);
    this.#definitions.set(record.machineId, name);
  }

  /** The data folder went with its disk: there is nothing to compare it with. */
  forget(): void {
    this.#definitions.clear();
  }

  /** Ends everything; then nothing may be missing and nothing left. */
  async judge(): Promise<void> {
    for (const services of this.#open) await services.close('stop');
    this.#open.clear();
    const after = await Services.open(this.path);
    const names = new Map(after.manager.list().map(({ id, spec }) => [id, spec.name]));
    await after.close('stop');
    assert.deepEqual(names, this.#definitions, 'definitions were lost');
    const orphans = this.#records.filter(isAlive).map(({ pid }) => pid);
    for (const record of this.#records.filter(isAlive)) process.kill(record.pid, 'SIGKILL');
    assert.deepEqual(orphans, [], 'processes were orphaned');
    assert.deepEqual(readdirSync(after.paths.runtime), [], 'run folders were left');
  }
}
