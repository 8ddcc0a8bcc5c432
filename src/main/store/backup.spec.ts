import {
  chmodSync,
  existsSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { backUp } from './backup.ts';
import { openDatabase, type NanduDatabase } from './database.ts';
import { JournalRepository } from './journal-repository.ts';
import { MachineRepository } from './machine-repository.ts';
import { RunRepository } from './run-repository.ts';
import { aMachine, aRun, temporaryDatabase } from './temporary-database.ts';

const names = ({ path }: NanduDatabase): string[] => readdirSync(dirname(path)).sort();

/** The machines in each backup, the newest backup first. */
function machinesIn({ path }: NanduDatabase): (string | undefined)[][] {
  return [1, 2, 3, 4]
    .map((number) => `${path}.backup-${number}`)
    .filter((backup) => existsSync(backup))
    .map((backup) => {
      const connection = new SqliteDatabase(backup, { readonly: true });
      try {
        return connection.prepare<[], string>('SELECT name FROM machines').pluck().all();
      } finally {
        connection.close();
      }
    });
}

describe('backUp', () => {
  it('keeps the newest copies in order, and nothing else', () => {
    const { database } = temporaryDatabase();
    const machines = new MachineRepository(database);
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      machines.create(aMachine(name));
      expect(backUp(database, { keep: 3 })).toBe(true);
    }
    expect(machinesIn(database)).toEqual([
      ['a', 'b', 'c', 'd', 'e'],
      ['a', 'b', 'c', 'd'],
      ['a', 'b', 'c'],
    ]);
    expect(names(database)).toEqual([
      ...['nandu.db', 'nandu.db-shm', 'nandu.db-wal'],
      ...['nandu.db.backup-1', 'nandu.db.backup-2', 'nandu.db.backup-3'],
    ]);
    for (const number of [1, 2, 3]) {
      expect(statSync(`${database.path}.backup-${number}`).mode & 0o777).toBe(0o600);
    }
  });

  it('makes no copy of what it copied already', () => {
    const { database } = temporaryDatabase();
    const machines = new MachineRepository(database);
    const machine = machines.create(aMachine('one'));
    const again = (): boolean => backUp(database, { keep: 3 });
    expect([again(), again()]).toEqual([true, false]);
    machines.updateSpec(machine.id, { ...machine.spec, vcpus: 2 }, 1);
    expect([again(), again()]).toEqual([true, false]);
    machines.delete(machine.id);
    expect([again(), again()]).toEqual([true, false]);
    const other = new SqliteDatabase(database.path);
    onTestFinished(() => void other.close());
    other.exec(`INSERT INTO probes VALUES ('x', '{}', 1)`);
    expect([again(), again()]).toEqual([true, false]);
  });

  it('is a database that opens as it is', () => {
    const { database } = temporaryDatabase();
    const machine = new MachineRepository(database).create(aMachine('one'));
    backUp(database, { keep: 3 });
    const copy = openDatabase({ path: `${database.path}.backup-1` });
    onTestFinished(() => copy.close());
    expect(new MachineRepository(copy).list().machines).toEqual([machine]);
  });

  it('copies all while another program holds the database', () => {
    const { database } = temporaryDatabase();
    new MachineRepository(database).create(aMachine('one'));
    const other = new SqliteDatabase(database.path);
    onTestFinished(() => void other.close());
    other.exec('BEGIN EXCLUSIVE');
    backUp(database, { keep: 3 });
    expect(machinesIn(database)).toEqual([['one']]);
  });

  it('goes on where a crash stopped it, and loses no backup to the gap', () => {
    const { database } = temporaryDatabase();
    const machines = new MachineRepository(database);
    for (const name of ['a', 'b', 'c']) {
      machines.create(aMachine(name));
      backUp(database, { keep: 3 });
    }
    // Half a copy, and the newest one already moved on: it took the oldest one's place.
    const at = (number: number): string => `${database.path}.backup-${number}`;
    writeFileSync(`${database.path}.backup-new`, 'half a co');
    const [first, second] = [readFileSync(at(1)), readFileSync(at(2))];
    writeFileSync(at(3), second);
    writeFileSync(at(2), first);
    rmSync(at(1));
    machines.create(aMachine('d'));
    backUp(database, { keep: 3 });
    expect(machinesIn(database)).toEqual([
      ['a', 'b', 'c', 'd'],
      ['a', 'b', 'c'],
      ['a', 'b'],
    ]);
    expect(names(database)).not.toContain('nandu.db.backup-new');
  });

  it('never lets a damaged database take the place of a good copy', () => {
    const { database } = temporaryDatabase();
    const machines = new MachineRepository(database);
    machines.create(aMachine('good'));
    backUp(database, { keep: 3 });
    const copy = readFileSync(`${database.path}.backup-1`);
    // Not with openDatabase: it is to be damaged while it is in use.
    database.connection.pragma('wal_checkpoint(TRUNCATE)');
    const bytes = readFileSync(database.path);
    bytes.fill(0xaa, 4096, 4 * 4096);
    writeFileSync(database.path, bytes);
    const damaged = openDatabase({ path: database.path });
    onTestFinished(() => damaged.close());
    expect(() => backUp(damaged, { keep: 3 })).toThrow(
      expect.objectContaining({ code: 'internal', message: expect.stringContaining('damaged') }),
    );
    expect(readFileSync(`${database.path}.backup-1`).equals(copy)).toBe(true);
    expect(names(database).filter((name) => name.includes('backup'))).toEqual([
      'nandu.db.backup-1',
    ]);
  });

  it('copies a row with nonsense in it, too: all others would have no copy any more', () => {
    const { database } = temporaryDatabase();
    new MachineRepository(database).create(aMachine('one'));
    database.connection.pragma('ignore_check_constraints = ON');
    database.connection.exec(`UPDATE machines SET spec = '{'`);
    backUp(database, { keep: 3 });
    expect(machinesIn(database)).toEqual([['one']]);
  });

  // Root may write everywhere.
  it.skipIf(process.getuid?.() === 0)('says that it may not write there', () => {
    const { database } = temporaryDatabase();
    const folder = dirname(database.path);
    chmodSync(folder, 0o500);
    onTestFinished(() => chmodSync(folder, 0o700));
    expect(() => backUp(database, { keep: 3 })).toThrow(
      expect.objectContaining({ code: 'permission_denied' }),
    );
  });

  it('copies a long history quickly', () => {
    const { database } = temporaryDatabase();
    const [runs, journal] = [new RunRepository(database), new JournalRepository(database)];
    const machine = new MachineRepository(database).create(aMachine('one')).id;
    database.connection.transaction(() => {
      for (let count = 0; count < 2_000; count++) {
        const { id } = runs.start(aRun(machine));
        journal.add({ ...{ machineId: machine, runId: id, atMs: 1, kind: 'ready' }, message: '' });
      }
    })();
    const started = performance.now();
    backUp(database, { keep: 3 });
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
