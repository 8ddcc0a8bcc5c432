import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { change, flip, withBackups } from './damage-samples.ts';
import { migrations } from './migrations/all.ts';
import { openOrRecover } from './recovery.ts';

const names = (path: string): string[] => readdirSync(dirname(path)).sort();

describe('openOrRecover', () => {
  it.each([
    [
      'another program’s database',
      'invalid_input',
      (path: string) =>
        writeFileSync(
          path,
          new SqliteDatabase(':memory:').exec('CREATE TABLE notes (text)').serialize(),
        ),
    ],
    [
      'another program’s database in WAL mode',
      'invalid_input',
      (path: string) => {
        rmSync(path);
        change(path, 'PRAGMA journal_mode = WAL; PRAGMA application_id = 7; CREATE TABLE a (b)');
      },
    ],
    [
      'a newer Nandu’s database',
      'database_newer',
      (path: string) => change(path, `PRAGMA user_version = ${migrations.length + 1}`),
    ],
    [
      'a newer Nandu’s damaged database',
      'database_newer',
      (path: string) => {
        change(path, `PRAGMA user_version = ${migrations.length + 1}`);
        flip(path);
      },
    ],
  ])('refuses %s and touches nothing', (_name, code, make) => {
    const path = withBackups();
    make(path);
    const bytes = (): string[] =>
      names(path).map((name) => name + readFileSync(join(dirname(path), name)).toString('base64'));
    const before = bytes();
    expect(() => openOrRecover({ path })).toThrow(expect.objectContaining({ code }));
    expect(bytes()).toEqual(before);
  });

  it('does not take a database that another program holds for a damaged one', () => {
    const path = withBackups();
    const other = new SqliteDatabase(path);
    onTestFinished(() => void other.close());
    other.pragma('locking_mode = EXCLUSIVE');
    other.exec('CREATE TABLE held (a)');
    expect(() => openOrRecover({ path })).toThrow(
      expect.objectContaining({ code: 'database_busy' }),
    );
    expect(names(path).filter((name) => name.includes('damaged'))).toEqual([]);
  });
});
