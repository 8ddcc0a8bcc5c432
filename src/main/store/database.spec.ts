import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase, openWithMigrations } from './database.ts';
import { MachineRepository } from './machine-repository.ts';
import { migrations } from './migrations/all.ts';
import { aMachine, temporaryDatabase, temporaryPath } from './temporary-database.ts';

/** Every file beside the database with its bytes. */
const bytesIn = (path: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(dirname(path)).map((name) => [
      name,
      readFileSync(join(dirname(path), name)).toString('base64'),
    ]),
  );

describe('openDatabase', () => {
  it('makes a database that only its owner can read, folders included', () => {
    const path = join(dirname(temporaryPath()), 'a', 'b', 'nandu.db');
    const database = openDatabase({ path });
    onTestFinished(() => database.close());
    const pragma = (name: string): unknown => database.connection.pragma(name, { simple: true });
    expect({
      modes: [path, `${path}-wal`, `${path}-shm`].map((file) => statSync(file).mode & 0o777),
      folder: statSync(dirname(path)).mode & 0o777,
      pragmas: ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout'].map(pragma),
      version: pragma('user_version'),
    }).toEqual({
      modes: [0o600, 0o600, 0o600],
      folder: 0o700,
      pragmas: ['wal', 1, 1, 500],
      version: migrations.length,
    });
    const tables = database.connection.pragma('table_list') as { name: string; strict: number }[];
    const lax = tables.filter(({ name, strict }) => !name.startsWith('sqlite_') && strict !== 1);
    expect(lax).toEqual([]);
  });

  it('opens again what it closed, tightens its mode and leaves one file', () => {
    const path = temporaryPath();
    const machine = aMachine('one');
    const first = openDatabase({ path });
    new MachineRepository(first).create(machine);
    first.close();
    first.close();
    expect(readdirSync(dirname(path))).toEqual(['nandu.db']);
    chmodSync(path, 0o644);
    const second = openDatabase({ path });
    onTestFinished(() => second.close());
    expect(new MachineRepository(second).list().machines).toEqual([machine]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('does not touch a database from a newer version', () => {
    const path = temporaryPath();
    openDatabase({ path }).close();
    const raw = new SqliteDatabase(path);
    raw.pragma(`user_version = ${migrations.length + 1}`);
    raw.close();
    const before = bytesIn(path);
    expect(() => openDatabase({ path })).toThrow(
      expect.objectContaining({
        code: 'database_newer',
        message: expect.stringContaining('Update'),
      }),
    );
    expect(bytesIn(path)).toEqual(before);
  });

  it('sees a newer version that is still in the write-ahead log, and does not touch that either', () => {
    const path = temporaryPath();
    openDatabase({ path }).close();
    const other = new SqliteDatabase(path);
    onTestFinished(() => void other.close());
    other.pragma('user_version = 99');
    const before = bytesIn(path);
    expect(readFileSync(path).readInt32BE(60)).not.toBe(99);
    expect(() => openDatabase({ path })).toThrow(
      expect.objectContaining({ code: 'database_newer' }),
    );
    const after = bytesIn(path);
    expect([after['nandu.db'], after['nandu.db-wal']]).toEqual([
      before['nandu.db'],
      before['nandu.db-wal'],
    ]);
  });

  it.each([
    ['a text', () => Buffer.from('dear diary, '.repeat(100))],
    ['a short text', () => Buffer.from('dear diary')],
    [
      'another program’s database',
      () => new SqliteDatabase(':memory:').exec('CREATE TABLE notes (text)').serialize(),
    ],
  ])('refuses %s and does not touch it', (_name, make) => {
    const path = temporaryPath();
    writeFileSync(path, make());
    const before = bytesIn(path);
    expect(() => openDatabase({ path })).toThrow(
      expect.objectContaining({
        code: 'invalid_input',
        message: expect.stringContaining('is not a Nandu database'),
      }),
    );
    expect(bytesIn(path)).toEqual(before);
  });

  it('goes on where a crash left a blank file', () => {
    const path = temporaryPath();
    writeFileSync(path, '');
    openDatabase({ path }).close();
    expect(statSync(path).size).toBeGreaterThan(0);
    const blank = temporaryPath();
    const raw = new SqliteDatabase(blank);
    raw.pragma('journal_mode = WAL');
    raw.close();
    openDatabase({ path: blank }).close();
  });

  it('says that a damaged database is damaged', () => {
    const path = temporaryPath();
    openDatabase({ path }).close();
    const bytes = readFileSync(path);
    bytes.fill(0xaa, 100, 4096);
    writeFileSync(path, bytes);
    expect(() => openDatabase({ path })).toThrow(
      expect.objectContaining({ code: 'internal', message: expect.stringContaining('damaged') }),
    );
  });

  it('says soon that another program holds the database, and works again afterwards', () => {
    const { database } = temporaryDatabase();
    const machines = new MachineRepository(database);
    const other = new SqliteDatabase(database.path);
    onTestFinished(() => void other.close());
    other.exec('BEGIN EXCLUSIVE');
    const started = performance.now();
    expect(() => machines.create(aMachine('one'))).toThrow(
      expect.objectContaining({ code: 'database_busy' }),
    );
    expect(performance.now() - started).toBeLessThan(2500);
    expect(machines.list().machines).toEqual([]); // reading goes on
    other.exec('COMMIT');
    machines.create(aMachine('one'));
  });

  it('says that a database was busy when it was to be opened', () => {
    const path = temporaryPath();
    openDatabase({ path }).close();
    const other = new SqliteDatabase(path);
    onTestFinished(() => void other.close());
    other.pragma('locking_mode = EXCLUSIVE');
    other.pragma('user_version = 1');
    expect(() => openDatabase({ path })).toThrow(
      expect.objectContaining({ code: 'database_busy' }),
    );
  });

  it('says that the disk is full', () => {
    const { database } = temporaryDatabase();
    const machines = new MachineRepository(database);
    database.connection.pragma(
      `max_page_count = ${Number(database.connection.pragma('page_count', { simple: true })) + 1}`,
    );
    const fill = (): void => {
      for (let count = 0; count < 1000; count++) machines.create(aMachine(`machine ${count}`));
    };
    expect(fill).toThrow(expect.objectContaining({ code: 'disk_full' }));
    // What was there before can still be read.
    expect(machines.list().machines.length).toBeGreaterThan(0);
  });
});

describe('migrations', () => {
  const next = migrations.length + 1;
  const good = { version: next, sql: 'ALTER TABLE machines ADD COLUMN note TEXT' };
  const broken = {
    version: next + 1,
    sql: 'CREATE TABLE half (a TEXT) STRICT; CREATE TABLE nonsense (;',
  };

  it('are numbered from 1 without a gap', () => {
    expect(migrations.map(({ version }) => version)).toEqual(
      migrations.map((_, index) => index + 1),
    );
  });

  it('roll back the step that fails, keep those before it and can be repeated', () => {
    const path = temporaryPath();
    openDatabase({ path }).close();
    expect(() => openWithMigrations({ path }, [...migrations, good, broken])).toThrow(
      /syntax error/,
    );
    const raw = new SqliteDatabase(path);
    const tables = raw.prepare("SELECT name FROM sqlite_schema WHERE name = 'half'").all();
    expect([raw.pragma('user_version', { simple: true }), tables]).toEqual([next, []]);
    raw.close();
    openWithMigrations({ path }, [...migrations, good, { ...broken, sql: 'SELECT 1' }]).close();
    expect(existsSync(`${path}-wal`)).toBe(false);
  });
});
