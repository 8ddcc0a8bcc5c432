import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  change,
  damages,
  fillAtRandom,
  flip,
  randomNumbers,
  withBackups,
} from './damage-samples.ts';
import { openDatabase, type NanduDatabase } from './database.ts';
import { MachineRepository } from './machine-repository.ts';
import { migrations } from './migrations/all.ts';
import { openOrRecover, type Recovery } from './recovery.ts';
import { aMachine, temporaryPath } from './temporary-database.ts';

const now = (): Date => new Date('2026-03-04T05:06:07.089Z');
const damagedName = 'nandu.db.damaged-2026-03-04T050607.089Z';

const backup = (path: string, number: number): string => `${path}.backup-${number}`;
const names = (path: string): string[] => readdirSync(dirname(path)).sort();

function open(path: string): { database: NanduDatabase; recovered: Recovery | null } {
  const outcome = openOrRecover({ path, now });
  onTestFinished(() => outcome.database.close());
  return outcome;
}

/** What is in the database after it was opened, and what was done for that. */
function outcome(path: string): { machines: string[]; recovered: Recovery | null } {
  const { database, recovered } = open(path);
  const { machines, problems } = new MachineRepository(database).list();
  expect(problems).toEqual([]);
  return { machines: machines.map(({ spec }) => spec.name), recovered };
}

describe('openOrRecover', () => {
  it('opens what is whole, and makes what is not there', () => {
    const path = withBackups();
    const before = names(path);
    const { database, recovered } = openOrRecover({ path });
    expect(recovered).toBeNull();
    expect(new MachineRepository(database).list().machines).toHaveLength(4);
    database.close();
    expect(names(path)).toEqual(before);
    expect(outcome(temporaryPath())).toEqual({ machines: [], recovered: null });
  });

  it('opens what another Nandu left without closing it', () => {
    const path = temporaryPath();
    const left = openDatabase({ path });
    new MachineRepository(left).create(aMachine('one'));
    const copy = join(dirname(temporaryPath()), 'nandu.db');
    for (const suffix of ['', '-wal']) copyFileSync(path + suffix, copy + suffix);
    left.close();
    expect(outcome(copy)).toEqual({ machines: ['one'], recovered: null });
  });

  it.each(damages)(
    'takes the newest backup for a file with %s, and keeps that file',
    (_, damage) => {
      const path = withBackups();
      damage(path);
      const bytes = readFileSync(path);
      expect(outcome(path)).toEqual({
        machines: ['one', 'two', 'three'],
        recovered: {
          movedTo: join(dirname(path), damagedName),
          restoredFrom: backup(path, 1),
          reason: expect.stringMatching(/^[A-Z].*\.$/),
        },
      });
      expect(readFileSync(join(dirname(path), damagedName)).equals(bytes)).toBe(true);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(names(path)).not.toContain('nandu.db.restoring');
      // The next start finds nothing to do.
      expect(outcome(path).recovered).toBeNull();
    },
  );

  it.each(damages)('starts empty for a file with %s and no backup', (_, damage) => {
    const path = withBackups();
    for (const number of [1, 2, 3]) rmSync(backup(path, number));
    damage(path);
    const bytes = readFileSync(path);
    const movedTo = join(dirname(path), damagedName);
    expect(outcome(path)).toMatchObject({
      machines: [],
      recovered: { movedTo, restoredFrom: null },
    });
    expect(readFileSync(movedTo).equals(bytes)).toBe(true);
  });

  it.each(damages)('passes over a newest backup with %s', (_, damage) => {
    const path = withBackups();
    for (const file of [path, backup(path, 1)]) damage(file);
    const bytes = readFileSync(backup(path, 1));
    expect(outcome(path)).toMatchObject({
      machines: ['one', 'two'],
      recovered: { restoredFrom: backup(path, 2) },
    });
    expect(readFileSync(backup(path, 1)).equals(bytes)).toBe(true);
  });

  it('passes over backups of another program and of a newer Nandu, and starts empty without any', () => {
    const path = withBackups();
    flip(path);
    change(backup(path, 1), `PRAGMA user_version = ${migrations.length + 1}`);
    writeFileSync(
      backup(path, 2),
      new SqliteDatabase(':memory:').exec('CREATE TABLE notes (text)').serialize(),
    );
    flip(backup(path, 3));
    expect(outcome(path)).toMatchObject({ machines: [], recovered: { restoredFrom: null } });
  });

  it('brings a backup of an older layout to this one', () => {
    const path = withBackups();
    flip(path);
    const older = new SqliteDatabase(backup(path, 1));
    older.exec(
      `DROP TABLE lab_results; DROP TABLE experiments; DROP INDEX runs_baseline; ALTER TABLE runs DROP COLUMN note; ALTER TABLE runs DROP COLUMN baseline;
       ALTER TABLE runs DROP COLUMN boot_files;
       DROP TABLE machine_secrets; DROP TABLE registries; DROP TABLE journal; ALTER TABLE runs DROP COLUMN spec;
       ALTER TABLE machines DROP COLUMN previous_spec; PRAGMA user_version = 1`,
    );
    older.close();
    expect(outcome(path)).toMatchObject({
      machines: ['one', 'two', 'three'],
      recovered: { restoredFrom: backup(path, 1) },
    });
  });

  it('moves the write-ahead log away with its file: it must not be applied to the backup', () => {
    const path = withBackups();
    const left = openDatabase({ path });
    new MachineRepository(left).create(aMachine('five'));
    const log = readFileSync(`${path}-wal`);
    left.close();
    flip(path);
    writeFileSync(`${path}-wal`, log);
    const { machines, recovered } = outcome(path);
    expect(machines).toEqual(['one', 'two', 'three']);
    expect(readFileSync(`${recovered?.movedTo}-wal`).equals(log)).toBe(true);
  });

  it('moves an unfinished change away with its file, too', () => {
    const path = withBackups();
    fillAtRandom(path);
    writeFileSync(`${path}-journal`, 'left over');
    const { machines, recovered } = outcome(path);
    expect(machines).toEqual(['one', 'two', 'three']);
    expect(readFileSync(`${recovered?.movedTo}-journal`, 'utf8')).toBe('left over');
  });

  it('recovers a database of which only the write-ahead log is left', () => {
    const path = withBackups();
    const left = openDatabase({ path });
    new MachineRepository(left).create(aMachine('five'));
    const log = readFileSync(`${path}-wal`);
    left.close();
    rmSync(path);
    writeFileSync(`${path}-wal`, log);
    const { machines, recovered } = outcome(path);
    expect(machines).toEqual(['one', 'two', 'three']);
    expect(readFileSync(`${recovered?.movedTo}-wal`).equals(log)).toBe(true);
  });

  it('gives each damaged file a name of its own', () => {
    const path = withBackups();
    for (let count = 0; count < 3; count++) {
      flip(path);
      openOrRecover({ path, now }).database.close();
    }
    const moved = names(path).filter(
      (name) => name.includes('damaged') && !/-(wal|shm)$/.test(name),
    );
    expect(moved).toEqual([damagedName, `${damagedName}-2`, `${damagedName}-3`]);
  });

  it('sees that an index does not fit its table', () => {
    const path = withBackups();
    const connection = new SqliteDatabase(path);
    connection.unsafeMode();
    connection.pragma('writable_schema = ON');
    // Both are whole in themselves, but nothing is found by them any more.
    const swap = connection.prepare('UPDATE sqlite_schema SET rootpage = ? WHERE name = ?');
    const indexes = ['sqlite_autoindex_machines_1', 'sqlite_autoindex_machines_2'] as const;
    const [first, second] = indexes.map((name) =>
      connection.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').pluck().get(name),
    );
    swap.run(second, indexes[0]);
    swap.run(first, indexes[1]);
    connection.close();
    expect(outcome(path)).toMatchObject({ recovered: { restoredFrom: backup(path, 1) } });
  });

  it('goes on where a crash left a half restored file', () => {
    const path = withBackups();
    flip(path);
    for (const suffix of ['', '-wal']) writeFileSync(`${path}.restoring${suffix}`, 'half a co');
    expect(outcome(path).machines).toEqual(['one', 'two', 'three']);
  });

  it('always ends with a database that works, wherever the damage is', () => {
    const whole = readFileSync(withBackups());
    const next = randomNumbers(42);
    const path = temporaryPath();
    const tally = { whole: 0, recovered: 0 };
    for (let round = 0; round < 150; round++) {
      const bytes = Buffer.from(whole);
      const at = next() % bytes.length;
      const length = 1 + (next() % 64);
      // It may then be a newer Nandu's: see above.
      if (at < 64 && at + length > 60) continue;
      for (let index = at; index < Math.min(at + length, bytes.length); index++) {
        bytes[index] = next() % 256;
      }
      writeFileSync(path, round % 3 === 0 ? bytes.subarray(0, at) : bytes);
      const { database, recovered } = openOrRecover({ path, onProblem: () => undefined });
      tally[recovered === null ? 'whole' : 'recovered']++;
      new MachineRepository(database).list();
      new MachineRepository(database).create(aMachine(`new ${round}`));
      database.close();
      for (const name of names(path)) rmSync(join(dirname(path), name));
    }
    expect(tally.recovered).toBeGreaterThan(50);
  });
});
