import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { areCold, readFincore, watchLoad } from './boot-load.ts';

it.each([
  ['all warm', '100 100\n  980 1000\n', false],
  ['one of them cold', '100 100\n100 1000\n', true],
  ['an empty file', '0 0\n5 5\n', false],
  ['a file that was not found', '100 100\n', null],
  ['something else', 'RES SIZE\n1 1\n', null],
  ['nothing', '', null],
])('%s', (_name, output, cold) => {
  expect(readFincore(output, 2)).toBe(cold);
});

it('asks the page cache of real files, and never fails', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nandu-cold-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'just written');
  writeFileSync(path, Buffer.alloc(64 * 1024, 1));
  expect(await areCold([path])).not.toBe(true); // null where there is no fincore
  expect(await areCold([path, join(folder, 'missing')])).toBeNull();
});

it('cannot tell of a process that is gone', () => {
  expect(watchLoad(2 ** 22 + 1)()).toBeNull();
});
