/**
 * Owns what the specs of recovery share: a database with backups, and the ways to damage it.
 * Must never be imported by anything but specs.
 */
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import SqliteDatabase from 'better-sqlite3';
import { backUp } from './backup.ts';
import { openDatabase } from './database.ts';
import { MachineRepository } from './machine-repository.ts';
import { RunRepository } from './run-repository.ts';
import { aMachine, aRun, temporaryPath } from './temporary-database.ts';

/** A closed database with machines and runs, and backups of when there were 1, 2 and 3 machines. */
export function withBackups(): string {
  const path = temporaryPath();
  const database = openDatabase({ path });
  const machines = new MachineRepository(database);
  const runs = new RunRepository(database);
  for (const name of ['one', 'two', 'three']) {
    const { id } = machines.create(aMachine(name));
    for (let count = 0; count < 20; count++) runs.start(aRun(id));
    backUp(database, { keep: 3 });
  }
  machines.create(aMachine('four'));
  database.close();
  return path;
}

/** Overwrites some of the file's middle. */
export function flip(path: string): void {
  const bytes = readFileSync(path);
  const middle = Math.floor(bytes.length / 2 / 4096) * 4096;
  for (let at = middle; at < middle + 64; at++) bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
  writeFileSync(path, bytes);
}

/** Numbers that look random and are the same each time (xorshift32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
}

/** Puts bytes in its place that look random. */
export function fillAtRandom(path: string): void {
  const next = randomNumbers(7);
  writeFileSync(path, Buffer.from(Array.from({ length: 20_000 }, next)));
}

const ways: Record<string, (path: string) => void> = {
  'bytes flipped in the middle': flip,
  'a first page that is overwritten': (path) => overwrite(path, 16, 4096),
  'its list of tables overwritten': (path) => overwrite(path, 100, 4096),
  'its end cut off': (path) => truncateSync(path, statSync(path).size - 4096),
  'only half a page left': (path) => truncateSync(path, 2048),
  'only some bytes left': (path) => truncateSync(path, 50),
  'nothing left': (path) => truncateSync(path, 0),
  zeros: (path) => writeFileSync(path, Buffer.alloc(16_384)),
  'random bytes': fillAtRandom,
  'a text': (path) => writeFileSync(path, 'dear diary'),
  'its mark overwritten': (path) => overwrite(path, 68, 72),
  'an absurd version': (path) => overwrite(path, 61, 64),
  'an unknown version of its format': (path) => overwrite(path, 18, 19),
  'a file format that SQLite does not know': (path) => overwrite(path, 44, 48),
  'its version lost': (path) => change(path, 'PRAGMA user_version = 0'),
  'a table gone': (path) => change(path, 'DROP TABLE runs'),
  'a column gone': (path) => change(path, 'ALTER TABLE machines DROP COLUMN previous_spec'),
};

/** The ways to damage a file, each named as what it goes on with after “a file with …”. */
export const damages = Object.entries(ways);

function overwrite(path: string, from: number, to: number): void {
  writeFileSync(path, readFileSync(path).fill(0xaa, from, to));
}

/** Runs SQL on a file that nobody has open. */
export function change(path: string, sql: string): void {
  const connection = new SqliteDatabase(path);
  connection.exec(sql);
  connection.close();
}
