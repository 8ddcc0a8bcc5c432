import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { rawTar } from '../../../../test/support/raw-tar.ts';
import { TarReader } from './tar-reader.ts';
import { TarWriter } from './tar-writer.ts';

const content = Buffer.from(
  Array.from({ length: 1_200_000 }, (_, at) => (at * 7 + (at >> 9)) % 251),
);
const tar = rawTar({ name: 'a', content });

/** Writes the tar's one file to a sink. */
async function write(sink: Writable, signal = new AbortController().signal): Promise<void> {
  const pieces = (async function* () {
    for (let at = 0; at < tar.byteLength; at += 10_000) {
      yield await Promise.resolve(tar.subarray(at, at + 10_000));
    }
  })();
  const reader = new TarReader(pieces);
  const writer = new TarWriter(sink, { signal, maxBytes: 1e9 });
  const entry = (await reader.next()) ?? expect.unreachable();
  await writer.write(entry, reader);
  await writer.end();
}

it('a block that a slow sink still has is not written over', async () => {
  const taken: Buffer[] = [];
  const sizes: number[] = [];
  const sink = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      sizes.push(chunk.byteLength);
      setTimeout(() => {
        taken.push(Buffer.from(chunk));
        done();
      }, 5);
    },
  });
  await write(sink);
  const reader = new TarReader(
    (async function* () {
      yield await Promise.resolve(Buffer.concat(taken));
    })(),
  );
  expect((await reader.next())?.path).toBe('a');
  const read: Buffer[] = [];
  for await (const piece of reader.body()) read.push(Buffer.from(piece));
  expect(Buffer.concat(read).equals(content)).toBe(true);
  expect(sizes.slice(0, -1)).toEqual(sizes.slice(0, -1).map(() => 256 * 1024));
});

it('a sink that hangs is given up when nobody wants it any more', async () => {
  const end = new AbortController();
  const sink = new Writable({ write: () => setTimeout(() => end.abort(new Error('off')), 5) });
  await expect(write(sink, end.signal)).rejects.toThrow('off');
});

it('a sink that fails ends the writing with its own words', async () => {
  let blocks = 0;
  const sink = new Writable({
    write(_chunk, _encoding, done) {
      blocks += 1;
      done(blocks === 2 ? new Error('full') : null);
    },
  });
  await expect(write(sink)).rejects.toThrow('full');
  expect(blocks).toBe(2);
});
