import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pax, rawTar } from '../../../../test/support/raw-tar.ts';
import { encodeEntry } from './tar-entry.ts';
import { TarReader } from './tar-reader.ts';
import { sparseBytes } from './tar-sparse.ts';

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes);
}

it.each(['gnu', 'pax --sparse-version=0.1', 'pax --sparse-version=1.0'])(
  'tells how large a file with holes is that GNU tar wrote as %s, and keeps its content',
  async (format) => {
    const folder = mkdtempSync(join(tmpdir(), 'nandu-sparse-'));
    try {
      const script = `
        for n in 0 1 2 3 4 5 6 7 8 9 ; do
          printf x | dd of=a bs=1 seek=$((n * 1000000)) conv=notrunc status=none
        done
        truncate -s 20000000 a && tar --create --sparse --format=${format} --file=a.tar a`;
      execFileSync('sh', ['-euc', script], { cwd: folder });
      const archive = readFileSync(join(folder, 'a.tar'));
      const reader = new TarReader(once(archive));
      const entry = await reader.next();
      if (entry === null) return expect.unreachable();
      let body = Buffer.alloc(0);
      for await (const piece of reader.body()) body = Buffer.concat([body, piece]);
      expect([entry.path, entry.realBytes, body.byteLength]).toEqual([
        ...['a', 20_000_000, entry.sizeBytes],
      ]);
      expect(archive.includes(body)).toBe(true);
      expect(await reader.next()).toBeNull();
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

it('takes the end of an old map where it lies behind the size', () => {
  const header = Buffer.alloc(1024);
  header.write('00000001000\0', 483);
  header.write('00000000000\x0000000000001\0', 386);
  header.write('00000100000\x0000000000002\0', 512);
  expect(sparseBytes(header, 'S', new Map())).toBe(0o100002);
});

it('passes no attribute on that it does not know, and none of holes to what is no file', async () => {
  const sparse = ['GNU.sparse.major=1', 'GNU.sparse.minor=0', 'GNU.sparse.realsize=10'];
  const known = ['SCHILY.xattr.user.a=1', 'uid=7'];
  const bytes = rawTar(
    pax('comment=c', 'GNU.sparse.dumpdir=x', 'hdrcharset=BINARY', ...known, ...sparse),
    { name: 'a', content: '0\n' },
    pax(...known, ...sparse),
    { name: 'd/', type: '5' },
  );
  const reader = new TarReader(once(bytes));
  const written: string[][] = [];
  for (let entry = await reader.next(); entry !== null; entry = await reader.next()) {
    const [records = ''] = encodeEntry(entry).toString('latin1', 512).split('\0', 1);
    written.push(records.trim().split('\n'));
  }
  expect(written.map((records) => records.map((one) => one.replace(/^\d+ /, '')))).toEqual([
    [...known, ...sparse],
    known,
  ]);
});
