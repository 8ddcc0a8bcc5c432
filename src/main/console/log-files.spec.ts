import {
  appendFileSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
  closeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { logLinesShown } from '../../shared/index.ts';
import { readLog, rotateLog, saveLog } from './log-files.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nandu-log-'));
  path = join(folder, 'console.log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('reads lines as plain text, as they would stand on a terminal', async () => {
  writeFileSync(path, 'one\r\n\x1b[31mred\x1b[0m\r\n10%\r50%\rdone\n\nlast');
  expect(await readLog(path)).toEqual({
    lines: ['one', 'red', 'done', '', 'last'],
    truncated: false,
    sizeBytes: statSync(path).size,
  });
});

it('is empty for a log that was never written', async () => {
  expect(await readLog(path)).toEqual({ lines: [], truncated: false, sizeBytes: 0 });
});

it('shows the end of a long log, from a whole line on', async () => {
  writeFileSync(path, Array.from({ length: 900_000 }, (_, n) => `line ${n}`).join('\n'));
  const { lines, truncated } = await readLog(path);
  expect([lines.length, lines[0], lines.at(-1), truncated]).toEqual([
    logLinesShown,
    'line 895000',
    'line 899999',
    true,
  ]);
});

it('rotates without losing a byte of a writer that appends, and saves both parts', async () => {
  const writer = openSync(path, 'a');
  let written = '';
  const write = (text: string): void => {
    written += text;
    writeSync(writer, text);
  };
  for (let n = 0; n < 1_000; n += 1) write(`before ${n}\n`);
  expect(await rotateLog(path, 1_000_000)).toBe(false);
  const rotated = rotateLog(path, 6_000);
  write('while it rotates\n');
  expect(await rotated).toBe(true);
  write('after\n');
  closeSync(writer);
  expect(readFileSync(path, 'utf8').endsWith('after\n')).toBe(true);
  const target = join(folder, 'saved.txt');
  await saveLog(path, target);
  expect(readFileSync(target, 'utf8')).toBe(written);
  expect(await readLog(path)).toMatchObject({ truncated: false, sizeBytes: written.length });
  expect(statSync(target).mode & 0o777).toBe(0o600);
});

it('keeps no more than two parts', async () => {
  for (const text of ['first', 'second', 'third']) {
    appendFileSync(path, text);
    await rotateLog(path, 5);
  }
  appendFileSync(path, 'fourth');
  const target = join(folder, 'saved.txt');
  await saveLog(path, target);
  expect(readFileSync(target, 'utf8')).toBe('thirdfourth');
});

it('keeps only the end of a log that grew far beyond its bound before anybody looked', async () => {
  writeFileSync(path, 'x'.repeat(100_000) + 'the end');
  await rotateLog(path, 10_000);
  const target = join(folder, 'saved.txt');
  await saveLog(path, target);
  expect(statSync(target).size).toBe(10_000);
  expect(readFileSync(target, 'utf8').endsWith('xthe end')).toBe(true);
});

it('reads a guest’s million carriage returns at once, and no endless line (once took hours)', async () => {
  writeFileSync(
    path,
    `${'\r'.repeat(1_000_000)}shown\r\r\n${'y'.repeat(100_000)}\nover\rwritten\r\n`,
  );
  const { lines } = await readLog(path);
  expect(lines.map((line) => line.slice(0, 10))).toEqual(['shown', 'y'.repeat(10), 'written']);
  expect(lines[1]?.length).toBeLessThan(10_010);
});
