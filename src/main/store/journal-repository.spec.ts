import { describe, expect, it } from 'vitest';
import type { MachineId } from '../../shared/index.ts';
import type { NanduDatabase } from './database.ts';
import {
  JournalRepository,
  journalEntriesKept,
  type NewJournalEntry,
} from './journal-repository.ts';
import { MachineRepository } from './machine-repository.ts';
import { aMachine, machineId, runId, temporaryDatabase } from './temporary-database.ts';

const anEntry = (machine: MachineId, message = 'It runs.'): NewJournalEntry => ({
  ...{ machineId: machine, runId: null, atMs: 1000.25, kind: 'running', message },
});

function withMachine(): {
  database: NanduDatabase;
  problems: unknown[];
  machines: MachineRepository;
  journal: JournalRepository;
  machine: MachineId;
} {
  const { database, problems } = temporaryDatabase();
  const machines = new MachineRepository(database);
  const machine = machines.create(aMachine('one')).id;
  return { database, problems, machines, journal: new JournalRepository(database), machine };
}

describe('JournalRepository', () => {
  it('lists each machine’s newest entries first, whatever the clock says', () => {
    const { journal, machines, machine } = withMachine();
    const other = machines.create(aMachine('two')).id;
    const first = journal.add({ ...anEntry(machine), runId: runId() });
    journal.add(anEntry(other));
    const second = journal.add({ ...anEntry(machine), kind: 'ended', atMs: 1 });
    const third = journal.add(anEntry(machine, 'Again.'));
    expect(journal.list(machine, 10)).toEqual([third, second, first]);
    expect(journal.list(machine, 2)).toEqual([third, second]);
    expect(journal.list(machineId(), 10)).toEqual([]);
  });

  it('keeps only the newest entries of a machine, and all of the others', () => {
    const { journal, machines, machine, database } = withMachine();
    const other = machines.create(aMachine('two')).id;
    const kept = journal.add(anEntry(other));
    database.connection.transaction(() => {
      for (let count = 1; count <= journalEntriesKept + 5; count++) {
        journal.add(anEntry(machine, `entry ${count}`));
      }
    })();
    const messages = journal.list(machine, 10_000).map(({ message }) => message);
    expect([messages.length, messages[0], messages.at(-1)]).toEqual([
      2000,
      'entry 2005',
      'entry 6',
    ]);
    expect(journal.list(other, 10)).toEqual([kept]);
  });

  it('adds to a full journal quickly', () => {
    const { journal, machine, database } = withMachine();
    const timed = (count: number): number => {
      const started = performance.now();
      for (let index = 0; index < count; index++) journal.add(anEntry(machine));
      return performance.now() - started;
    };
    database.connection.transaction(() => timed(journalEntriesKept))();
    expect(timed(100)).toBeLessThan(500);
  });

  it('never uses an id twice', () => {
    const { journal, machines, machine } = withMachine();
    const { id } = journal.add(anEntry(machine));
    machines.delete(machine);
    const other = machines.create(aMachine('two')).id;
    expect(journal.list(machine, 10)).toEqual([]);
    expect(journal.add(anEntry(other)).id).toBe(id + 1);
  });

  it('says that a machine is gone, and stores nothing', () => {
    const { journal } = withMachine();
    const nobody = machineId();
    expect(() => journal.add(anEntry(nobody))).toThrow(
      expect.objectContaining({ code: 'not_found', details: { id: nobody } }),
    );
    expect(journal.list(nobody, 10)).toEqual([]);
  });

  it('leaves no statement open: a back-up could not be written', () => {
    const { journal, machine, database } = withMachine();
    journal.add(anEntry(machine));
    database.connection.exec('VACUUM');
  });

  it('reports entries that cannot be read and goes on with the others', () => {
    const { journal, machine, database, problems } = withMachine();
    const [good, bad] = [journal.add(anEntry(machine)), journal.add(anEntry(machine))];
    database.connection.prepare(`UPDATE journal SET kind = 'plaid' WHERE id = ?`).run(bad.id);
    expect(journal.list(machine, 10)).toEqual([good]);
    expect(problems).toEqual([
      { table: 'journal', id: String(bad.id), message: expect.stringContaining('kind') },
    ]);
  });
});
