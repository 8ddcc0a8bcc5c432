import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openPlainFile, raced, readPlainFile } from './plain-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'nandu-plain-'));
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  ['a pipe that nobody writes into', join(folder, 'pipe')],
  ['a device', '/dev/zero'],
  ['a folder', folder],
])('is never %s', async (_, path) => {
  if (path.endsWith('pipe')) execFileSync('mkfifo', [path]);
  await expect(openPlainFile(path)).rejects.toMatchObject({ code: 'image_refused' });
});

it('is read as far as is wanted, whatever its size is said to be', async () => {
  const path = join(folder, 'file');
  writeFileSync(path, 'x'.repeat(1000));
  expect((await readPlainFile(path, 1000))?.toString()).toBe('x'.repeat(1000));
  expect(await readPlainFile(path, 999)).toBeNull();
  expect((await readPlainFile('/proc/self/maps', 10_000_000))?.byteLength).toBeGreaterThan(0);
  expect(await readPlainFile('/proc/self/maps', 100)).toBeNull();
});

it('is waited for only as long as it is wanted', async () => {
  const never = new Promise<never>(() => undefined);
  const end = new AbortController();
  const reading = raced(never, end.signal);
  end.abort(new Error('called off'));
  await expect(reading).rejects.toThrowError('called off');
  await expect(raced(never, end.signal)).rejects.toThrowError('called off');
  expect(await raced(Promise.resolve(1), new AbortController().signal)).toBe(1);
});
