import { describe, expect, it } from 'vitest';
import type { BootTimeline, RunEnd } from '../../shared/index.ts';
import type { NanduDatabase } from './database.ts';
import { MachineRepository, type StoredMachine } from './machine-repository.ts';
import { RunRepository } from './run-repository.ts';
import { aMachine, aRun, machineId, runId, temporaryDatabase } from './temporary-database.ts';

const boot: BootTimeline = {
  phases: [{ name: 'process-start', startMs: 0, durationMs: 40.25 }],
  totalMs: 40.25,
  reached: 'ready',
  ...{ details: [], conditions: ['cold'], kernelClockMs: 12.5 },
};
const end: RunEnd = { kind: 'stopped', expected: true, message: 'Stopped.' };
const missing = expect.objectContaining({ code: 'not_found' });

function withMachine(name = 'one'): {
  database: NanduDatabase;
  problems: unknown[];
  machines: MachineRepository;
  runs: RunRepository;
  machine: StoredMachine;
} {
  const { database, problems } = temporaryDatabase();
  const machines = new MachineRepository(database);
  const machine = machines.create(aMachine(name));
  return { database, problems, machines, runs: new RunRepository(database), machine };
}

describe('RunRepository', () => {
  it('remembers a run from start to end', () => {
    const { runs, machine } = withMachine();
    const started = runs.start(aRun(machine.id));
    expect(started).toMatchObject({ number: 1, endedAtMs: null, boot: null, end: null });
    expect(runs.latest(machine.id)).toEqual(started);
    expect(runs.unfinished()).toEqual([started]);
    runs.recordBoot(started.id, { ...boot, reached: 'partial' });
    runs.recordBoot(started.id, boot);
    runs.finish(started.id, 2000.5, end);
    expect(runs.latest(machine.id)).toEqual({ ...started, boot, endedAtMs: 2000.5, end });
    expect(runs.unfinished()).toEqual([]);
  });

  it('keeps a note, and one baseline for each machine', () => {
    const { runs, machine, machines } = withMachine();
    const other = runs.start(aRun(machines.create(aMachine('two')).id));
    const [first, second] = [runs.start(aRun(machine.id)), runs.start(aRun(machine.id))];
    expect(runs.annotate(first.id, 'with the new disk').note).toBe('with the new disk');
    runs.setBaseline(other.id, true);
    runs.setBaseline(first.id, true);
    expect(runs.setBaseline(second.id, true).baseline).toBe(true);
    const pinned = (id: typeof machine.id): boolean[] =>
      runs.list(id, 9).map(({ baseline }) => baseline);
    expect([pinned(machine.id), runs.get(other.id).baseline]).toEqual([[true, false], true]);
    // A view that has not seen the pin move takes back its own run's only.
    expect(runs.setBaseline(first.id, false).baseline).toBe(false);
    expect(pinned(machine.id)).toEqual([true, false]);
    runs.setBaseline(second.id, false);
    expect(pinned(machine.id)).toEqual([false, false]);
    expect(() => runs.annotate(runId(), 'x')).toThrow(missing);
    expect(() => runs.setBaseline(runId(), true)).toThrow(missing);
  });

  it('counts each machine’s runs from 1 and lists the newest first', () => {
    const { runs, machine, machines } = withMachine();
    const other = machines.create(aMachine('two'));
    const numbers = [machine, other, machine, machine, other].map(
      ({ id }) => runs.start(aRun(id)).number,
    );
    expect(numbers).toEqual([1, 1, 2, 3, 2]);
    expect(runs.list(machine.id, 2).map(({ number }) => number)).toEqual([3, 2]);
    expect(runs.list(machineId(), 2)).toEqual([]);
    expect(runs.latest(machineId())).toBeNull();
  });

  it('forgets the runs of a machine that is deleted', () => {
    const { runs, machine, machines } = withMachine();
    const run = runs.start(aRun(machine.id));
    machines.delete(machine.id);
    expect(runs.unfinished()).toEqual([]);
    expect(() => runs.recordBoot(run.id, boot)).toThrow(missing);
    expect(() => runs.finish(runId(), 1, end)).toThrow(missing);
    expect(() => runs.start(aRun(machine.id))).toThrow(missing);
  });

  it('reports rows that cannot be read and goes on with the others', () => {
    const { runs, machine, database, problems } = withMachine();
    const good = runs.start(aRun(machine.id));
    const bad = runs.start(aRun(machine.id));
    database.connection.prepare(`UPDATE runs SET boot = '{"phases":7}' WHERE id = ?`).run(bad.id);
    expect(runs.list(machine.id, 10)).toEqual([good]);
    expect(problems).toEqual([
      { table: 'runs', id: bad.id, message: expect.stringContaining('boot.phases') },
    ]);
    expect(runs.latest(machine.id)).toEqual(good);
    expect(runs.unfinished()).toEqual([good]);
  });

  it('keeps the definition with which a run was started, apart from the run', () => {
    const { runs, machine, machines, database, problems } = withMachine();
    const { spec, ...run } = aRun(machine.id);
    const started = runs.start({ ...run, spec });
    machines.updateSpec(machine.id, { ...machine.spec, vcpus: 8 }, 1);
    expect(started).not.toHaveProperty('spec');
    expect(runs.list(machine.id, 1)).toEqual([started]);
    expect(runs.specOf(run.id)).toEqual(spec);
    expect(runs.specOf(runId())).toBeNull();
    const set = database.connection.prepare('UPDATE runs SET spec = ? WHERE id = ?');
    set.run(null, run.id); // from before there were such records
    expect([runs.specOf(run.id), problems]).toEqual([null, []]);
    set.run('{"vcpus":"all"}', run.id);
    expect(runs.specOf(run.id)).toBeNull();
    expect(problems).toEqual([
      { table: 'runs', id: run.id, message: expect.stringContaining('spec: ') },
    ]);
  });

  it('keeps what a run was booted from, apart from the run', () => {
    const { runs, machine, database, problems } = withMachine();
    const bootFiles = { kernel: { bytes: 5, modifiedAtMs: 1.5 }, initrd: null };
    const started = runs.start({ ...aRun(machine.id), bootFiles });
    expect(started).not.toHaveProperty('bootFiles');
    expect(runs.bootFilesOf(started.id)).toEqual(bootFiles);
    expect([runs.bootFilesOf(runs.start(aRun(machine.id)).id), problems]).toEqual([null, []]);
    const set = database.connection.prepare('UPDATE runs SET boot_files = ? WHERE id = ?');
    set.run('{"kernel":7}', started.id);
    expect(runs.bootFilesOf(started.id)).toBeNull();
    expect(problems).toEqual([
      { table: 'runs', id: started.id, message: expect.stringContaining('files: ') },
    ]);
  });

  it('keeps what is no JSON out of the database', () => {
    const { runs, machine, database } = withMachine();
    const { id } = runs.start(aRun(machine.id));
    for (const column of ['argv', 'boot', 'ending', 'spec', 'boot_files']) {
      const set = database.connection.prepare(`UPDATE runs SET ${column} = '{' WHERE id = ?`);
      expect(() => set.run(id)).toThrow(
        expect.objectContaining({ code: 'SQLITE_CONSTRAINT_CHECK' }),
      );
    }
  });

  it('lists 10,000 runs quickly', () => {
    const { runs, machine, database } = withMachine();
    database.connection.transaction(() => {
      for (let count = 0; count < 10_000; count++) {
        const { id } = runs.start(aRun(machine.id));
        runs.recordBoot(id, boot);
        if (count < 9_999) runs.finish(id, 2000, end);
      }
    })();
    const timed = (work: () => unknown[]): [number, number] => {
      const started = performance.now();
      const { length } = work();
      return [length, performance.now() - started];
    };
    const [all, allMs] = timed(() => runs.list(machine.id, 10_000));
    const [newest, newestMs] = timed(() => [runs.latest(machine.id), ...runs.unfinished()]);
    expect([all, newest]).toEqual([10_000, 2]);
    expect({ allMs, newestMs }).toSatisfy(() => allMs < 2000 && newestMs < 50);
  });
});
