import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  rawEntry as raw,
  rawTar as tar,
  type RawEntry as Raw,
} from '../../../../test/support/raw-tar.ts';
import { flatten } from './flatten.ts';
import { LayerMerge } from './layer-merge.ts';
import { planLayers, type LayerPlan } from './layer-plan.ts';
import { Budget } from './layer-reading.ts';
import { layerSource } from './layer-stream.ts';
import { NeedsPlan } from './needs-plan.ts';
import { maxPaths } from './path-table.ts';
import { TarReader } from './tar-reader.ts';

/** In pieces of an odd size, so that nothing relies on where a stream is cut. */
async function* pieces(bytes: Buffer, size = 333): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.byteLength; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

/** What comes out, as `path` or `path=content` or `path>target`. The top layer is given first. */
async function flattened(layers: Buffer[], maxBytes = 1_000_000): Promise<string[]> {
  const sources = layers.map((bytes) => ({ open: () => pieces(bytes) }));
  const { signal } = new AbortController();
  let chunks: Buffer[] = [];
  const attempt = async (plan: LayerPlan | null): Promise<void> => {
    chunks = [];
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(Buffer.from(chunk)); // it is written over afterwards
        done();
      },
    });
    await flatten(sources, sink, { signal, maxBytes }, plan);
  };
  try {
    await attempt(null);
  } catch (error) {
    if (!(error instanceof NeedsPlan)) throw error;
    await attempt(await planLayers(sources, new Budget(signal, maxBytes)));
  }
  const reader = new TarReader(pieces(Buffer.concat(chunks), 10_000));
  const found: string[] = [];
  for (let entry = await reader.next(); entry !== null; entry = await reader.next()) {
    const content: Buffer[] = [];
    for await (const piece of reader.body()) content.push(piece);
    const text = Buffer.concat(content).toString();
    const { path, kind, linkPath } = entry;
    found.push(
      kind === 'hardlink'
        ? `${path}>${linkPath}`
        : kind === 'file'
          ? `${path}=${text}`
          : `${path}/`,
    );
  }
  return found;
}

describe('flatten', () => {
  it.each<[string, Raw[][], string[]]>([
    [
      'the upper of two files',
      [[{ name: 'a', content: '2' }], [{ name: 'a', content: '1' }]],
      ['a=2'],
    ],
    [
      'the last of two entries of one name',
      [
        [
          { name: 'a', content: '1' },
          { name: './a', content: '2' },
        ],
      ],
      ['a=2'],
    ],
    [
      'absolute and odd names below the root',
      [[{ name: '/etc//./x', content: '1' }]],
      ['etc/', 'etc/x=1'],
    ],
    [
      'nothing below a file, whoever says so',
      [
        [
          { name: 'a', content: '1' },
          { name: 'a/b', content: '2' },
        ],
        [{ name: 'a/c', content: '3' }],
      ],
      ['a=1'],
    ],
    [
      'no file in place of a folder that something above needs',
      [[{ name: 'a/b', content: '2' }], [{ name: 'a', content: '1' }]],
      ['a/', 'a/b=2'],
    ],
    [
      'nothing of a folder that was a file in between',
      [
        [{ name: 'x/', type: '5' }],
        [{ name: 'x', content: '2' }],
        [{ name: 'x/old', content: '1' }],
      ],
      ['x/'],
    ],
    [
      'what a whiteout hides only from the layers below its own',
      [[{ name: '.wh.a' }, { name: 'a', content: '2' }], [{ name: 'a', content: '1' }]],
      ['a=2'],
    ],
    [
      'nothing at all below an opaque root',
      [[{ name: '.wh..wh..opq' }], [{ name: 'a', content: '1' }]],
      [],
    ],
    [
      'a link to a file of the layer below',
      [[{ name: 'l', type: '1', link: 'a' }], [{ name: 'a', content: '1' }]],
      ['a=1', 'l>a'],
    ],
    [
      'links whose target was replaced: its old content, once',
      [
        [{ name: 'a', content: 'new' }],
        [
          { name: 'a', content: 'old' },
          { name: 'l', type: '1', link: 'a' },
          { name: 'm', type: '1', link: 'a' },
        ],
      ],
      ['a=new', 'l=old', 'm>l'],
    ],
    [
      'a link to a link over layers, and one that comes before its target',
      [
        [{ name: 'n', type: '1', link: 'l' }],
        [
          { name: 'l', type: '1', link: 'a' },
          { name: 'a', content: '1' },
        ],
      ],
      ['a=1', 'l>a', 'n>a'],
    ],
    [
      'what is written through a link where that leads, and never outside',
      [
        [
          { name: 'in/x', content: '1' },
          { name: 'abs/y', content: '2' },
          { name: 'up/z', content: '3' },
        ],
        [
          { name: 'real/', type: '5' },
          { name: 'in', type: '2', link: 'real' },
          { name: 'abs', type: '2', link: '/real' },
          { name: 'up', type: '2', link: '../../../real' },
        ],
      ],
      ['abs/', 'in/', 'real/', 'real/x=1', 'real/y=2', 'real/z=3', 'up/'],
    ],
    [
      'what links lead to, also for whiteouts, hard links, and in one layer',
      [
        [{ name: 'link/.wh.k' }, { name: 'hard', type: '1', link: 'link/t' }],
        [
          { name: 'real/', type: '5' },
          { name: 'link', type: '2', link: 'real' },
          { name: 'link/k', content: '1' },
          { name: 'link/t', content: '2' },
        ],
      ],
      ['hard>real/t', 'link/', 'real/', 'real/t=2'],
    ],
    [
      'a folder in the place of a link, and what was written through it before',
      [
        [
          { name: 'link/', type: '5' },
          { name: 'link/new', content: '3' },
        ],
        [{ name: 'link/old', content: '2' }],
        [
          { name: 'real/', type: '5' },
          { name: 'link', type: '2', link: 'real' },
        ],
      ],
      ['link/', 'link/new=3', 'real/', 'real/old=2'],
    ],
    [
      'a file that becomes a folder in one layer, without what was in that folder below',
      [
        [
          { name: 'a', content: '2' },
          { name: 'a/', type: '5' },
          { name: 'a/b', content: '3' },
        ],
        [{ name: 'a/old', content: '1' }],
      ],
      ['a/', 'a/b=3'],
    ],
  ])('has %s', async (_, layers, expected) => {
    expect((await flattened(layers.map((entries) => tar(...entries)))).sort()).toEqual(
      expected.sort(),
    );
  });

  it.each<[string, Buffer, RegExp]>([
    ['a name that leads out', tar({ name: 'a/../../etc/passwd' }), /leads out of the root/],
    ['a hard link that leads out', tar({ name: 'l', type: '1', link: '../x' }), /leads out/],
    ['a hard link to nothing', tar({ name: 'l', type: '1', link: 'x' }), /no layer has/],
    [
      'hard links in a circle',
      tar({ name: 'l', type: '1', link: 'm' }, { name: 'm', type: '1', link: 'l' }),
      /without an end/,
    ],
    [
      'symbolic links in a circle that something goes through',
      tar(
        { name: 'a', type: '2', link: 'b' },
        { name: 'b', type: '2', link: 'a' },
        { name: 'a/x' },
      ),
      /symbolic links lead to each other/,
    ],
    [
      'a hard link to the first of two files of one name',
      tar({ name: 'a' }, { name: 'l', type: '1', link: 'a' }, { name: 'a' }),
      /file twice/,
    ],
    [
      'a file in the place of a folder of its own layer',
      tar({ name: 'a/', type: '5' }, { name: 'a/b' }, { name: 'a' }),
      /folder and a file/,
    ],
    [
      'a file in the place of a folder that its own layer only went through',
      tar({ name: 'a/b' }, { name: 'a' }),
      /folder and a file/,
    ],
    [
      'a NUL in a name',
      tar({ name: 'p', type: 'x', content: '15 path=a/..\0x\n' }, { name: 'y' }),
      /NUL/,
    ],
    [
      'a name that is too deep',
      tar({ name: 'p', type: 'x', content: `1012 path=${'a/'.repeat(500)}b\n` }, { name: 'y' }),
      /deeper/,
    ],
    [
      'a size that is no number',
      tar({ name: 'p', type: 'x', content: '12 size=1e3\n' }, { name: 'y' }),
      /makes no sense/,
    ],
    ['an unknown type', tar({ name: 'a', type: 'V' }), /unknown type/],
    ['a file that ends too early', raw({ name: 'a', size: 900 }), /in the middle/],
    ['a size of nonsense', tar({ name: 'a', size: -1 }), /makes no sense|not a tar/],
    ['what is no tar', Buffer.alloc(2048, 'x'), /not a tar/],
    ['endless attributes', tar({ name: 'p', type: 'x', size: 8 ** 9 }), /more than 1 MiB/],
    ['damaged attributes', tar({ name: 'p', type: 'x', content: '99 path=x\n' }), /damaged/],
    [
      'a name for all files',
      tar({ name: 'p', type: 'g', content: '12 path=abc\n' }),
      /one name or size/,
    ],
  ])('refuses %s', async (_, layer, why) => {
    await expect(flattened([layer], 1_000)).rejects.toMatchObject({
      ...{ code: 'image_refused', message: expect.stringMatching(why) },
    });
  });
});

it('stops at more than there is room for, before it is written', async () => {
  const bomb = tar({ name: 'a', content: 'x'.repeat(2_000) });
  await expect(flattened([bomb], 1_000)).rejects.toMatchObject({ code: 'disk_full' });
  // A file of one byte and a terabyte of holes.
  const sparse = {
    name: 'p',
    type: 'x',
    content: '33 GNU.sparse.realsize=1099511627776\n'.replace('33', '37'),
  };
  const holes = tar(sparse, { name: 'a', content: 'x' });
  await expect(flattened([holes], 1_000)).rejects.toMatchObject({ code: 'disk_full' });
});

describe('a layer', () => {
  const content = tar({ name: 'a', content: 'x'.repeat(100_000) });
  const digestOf = (bytes: Buffer): string =>
    `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

  it.each<[string, (packed: Buffer) => { file: Buffer; digest?: string; diffId?: string }, RegExp]>(
    [
      ['another digest', (packed) => ({ file: packed, digest: digestOf(content) }), /digest/],
      ['another content', (packed) => ({ file: packed, diffId: digestOf(packed) }), /digest/],
      ['a cut', (packed) => ({ file: packed.subarray(0, 80) }), /damaged|middle/],
      ['no gzip at all', () => ({ file: Buffer.from('hello') }), /digest/],
    ],
  )('with %s is refused', async (_, change, why) => {
    const folder = mkdtempSync(join(tmpdir(), 'nandu-layer-'));
    try {
      const packed = gzipSync(content);
      const { file, digest = digestOf(packed), diffId = digestOf(content) } = change(packed);
      const path = join(folder, 'blob');
      writeFileSync(path, file);
      const read = async (): Promise<void> => {
        const reader = new TarReader(layerSource(path, digest, diffId).open());
        while ((await reader.next()) !== null);
      };
      await expect(read()).rejects.toMatchObject({
        ...{ code: 'image_refused', message: expect.stringMatching(why) },
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

it('holds no more hidden folders than paths: they take up room, although they come to nothing', () => {
  const merge = new LayerMerge(false);
  merge.beginLayer();
  merge.admit('.wh..wh..opq', 'file');
  merge.beginLayer();
  for (let n = 0; n < maxPaths; n += 1) merge.admit(String(n), 'directory');
  expect(() => merge.admit('one more', 'directory')).toThrowError(/more than 1000000 folders/);
});
