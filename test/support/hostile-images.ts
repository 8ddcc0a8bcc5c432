/** Images of ill will, each with the code that refuses it. Used by tests and by the acceptance. */
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { ErrorCode } from '../../src/shared/index.ts';
import { digestOf, writeRawImage, type RawImage } from './raw-image.ts';
import { pax, rawEntry, rawTar, type RawEntry } from './raw-tar.ts';

/** One of them. */
export interface HostileImage {
  /** What is wrong with it. */
  readonly name: string;
  readonly code: ErrorCode;
  /** What the sentence for a person says. */
  readonly says: RegExp;
  /** For the library: how much room the disk has; its own where this says nothing. */
  readonly freeBytes?: number;
  /** @returns its name for an import. */
  build(folder: string): string;
}

function hostile(
  name: string,
  image: RawImage | RawEntry[],
  says: RegExp,
  more: Partial<HostileImage> = {},
): HostileImage {
  const raw = Array.isArray(image) ? { layers: [rawTar(...image)] } : image;
  return {
    ...{ name, says, code: 'image_refused' },
    build: (folder) => writeRawImage(folder, raw),
    ...more,
  };
}

const file: RawEntry = { name: 'etc/release', content: 'x'.repeat(5_000) };
const sound = rawTar(file);
const reserve = 256 * 1024 * 1024;

export const hostileImages: readonly HostileImage[] = [
  hostile('a name with “..” that leads out', [{ name: 'a/../../etc/passwd' }], /leads out/),
  hostile('a hard link that leads out', [{ name: 'l', type: '1', link: '../x' }], /leads out/),
  hostile(
    'a hard link to a file of this computer',
    [{ name: 'passwd', type: '1', link: '/etc/passwd' }],
    /no layer has/,
  ),
  hostile(
    'hard links in a circle',
    [
      { name: 'l', type: '1', link: 'm' },
      { name: 'm', type: '1', link: 'l' },
    ],
    /without an end/,
  ),
  hostile('a NUL in a name', [pax('path=a/..\0x'), { name: 'y' }], /NUL/),
  hostile('a name that is too long', [pax(`path=${'n'.repeat(300)}`), { name: 'y' }], /longer/),
  hostile('a name that is too deep', [pax(`path=${'a/'.repeat(500)}b`), { name: 'y' }], /deeper/),
  hostile(
    'symbolic links in a circle that a file goes through',
    [
      { name: 'a', type: '2', link: 'b' },
      { name: 'b', type: '2', link: 'a' },
      { name: 'a/x', content: 'x' },
    ],
    /symbolic links lead to each other/,
  ),
  hostile(
    'a file twice, and a hard link to the first of them',
    [
      { name: 'a', content: '1' },
      { name: 'l', type: '1', link: 'a' },
      { name: 'a', content: '2' },
    ],
    /file twice/,
  ),
  hostile(
    'a file in the place of a folder of its own layer',
    [{ name: 'a/', type: '5' }, { name: 'a/b' }, { name: 'a' }],
    /folder and a file/,
  ),
  hostile(
    'names without an end that must be held',
    Array.from({ length: 9_000 }, (_, n) => [
      pax(`path=${`${n}-${'n'.repeat(200)}/`.repeat(6)}x`),
      { name: 'x' },
    ]).flat(),
    /far too many of its folders/,
  ),
  hostile(
    'hard links without an end to a layer that is not there',
    Array.from({ length: 30_000 }, (_, n) => ({
      ...{ name: `${n}`, type: '1' },
      link: `x/${'n'.repeat(90)}`,
    })),
    /far too many of its hard links/,
  ),
  hostile('an entry of an unknown type', [{ name: 'a', type: 'V' }], /unknown type/),
  hostile('a size below zero', [{ name: 'a', size: -1 }], /makes no sense/),
  hostile('endless attributes', [{ name: 'p', type: 'x', size: 8 ** 9 }], /1 MiB/),
  hostile('one name for all files', [{ ...pax('path=abc'), type: 'g' }], /one name or size/),
  hostile('no tar in a layer', { layers: [Buffer.alloc(2048, 'x')] }, /not a tar/),
  hostile('a file that is cut off', { layers: [rawEntry({ name: 'a', size: 900 })] }, /middle/),
  hostile(
    'a layer that is neither packed nor a tar',
    { layers: [sound], pack: () => Buffer.alloc(2048, 'hello') },
    /not a tar/,
  ),
  hostile(
    'a layer that is packed and cut off',
    { layers: [sound], pack: (tar) => gzipSync(tar).subarray(0, 60) },
    /damaged|middle/,
  ),
  hostile(
    'a blob that was cut off',
    { layers: [sound], damage: (packed) => packed.subarray(0, 60) },
    /digest/,
  ),
  hostile(
    'a blob that is another one',
    { layers: [sound], damage: () => gzipSync(rawTar({ name: 'other' })) },
    /digest/,
  ),
  hostile(
    'a layer that is not what the configuration says',
    { layers: [sound], diffIds: [digestOf('something else')] },
    /digest/,
  ),
  hostile(
    'fewer layers in the configuration than in the manifest',
    { layers: [sound, sound], diffIds: [digestOf(sound)] },
    /numbers of layers/,
  ),
  hostile(
    'a layer of an unknown kind',
    { layers: [sound], mediaType: 'application/vnd.example.layer' },
    /./,
  ),
  hostile(
    'a configuration that is no JSON',
    { layers: [sound], config: () => '{"architecture":' },
    /./,
  ),
  hostile(
    'a configuration of many megabytes',
    {
      layers: [sound],
      config: (config) => JSON.stringify({ ...config, author: 'x'.repeat(5 * 1024 * 1024) }),
    },
    /./,
  ),
  ...(['index.json', 'blobs'] as const).map((where): HostileImage => ({
    name: `a pipe in the place of ${where === 'blobs' ? 'its blobs' : where}`,
    ...{ code: 'image_refused', says: /pipe/ },
    build: (folder) => {
      const name = writeRawImage(folder, { layers: [sound] });
      const blobs = join(folder, 'blobs', 'sha256');
      const paths =
        where === 'blobs'
          ? readdirSync(blobs).map((blob) => join(blobs, blob))
          : [join(folder, where)];
      for (const path of paths) {
        rmSync(path);
        execFileSync('mkfifo', [path]);
      }
      return name;
    },
  })),
  hostile('a device in the place of index.json', { layers: [sound] }, /device/, {
    build: (folder) => {
      const name = writeRawImage(folder, { layers: [sound] });
      rmSync(join(folder, 'index.json'));
      symlinkSync('/dev/zero', join(folder, 'index.json'));
      return name;
    },
  }),
  hostile(
    'a variable that no Linux takes',
    {
      layers: [sound],
      config: (config) =>
        JSON.stringify({ ...config, config: { Env: [`A=${'ü'.repeat(70_000)}`] } }),
    },
    /environment is longer than the 128 KiB/,
  ),
  hostile(
    'an environment that no agent can be told',
    {
      layers: [sound],
      config: (config) =>
        JSON.stringify({
          ...config,
          config: { Env: Array.from({ length: 40 }, (_, n) => `A${n}=${'x'.repeat(30_000)}`) },
        }),
    },
    /more than 1 MiB/,
  ),
  hostile(
    'another architecture',
    { layers: [sound], architecture: 's390x' },
    /s390x|architecture/,
    { code: 'wrong_architecture' },
  ),
  hostile(
    'a layer that unpacks to more than the disk has',
    { layers: [rawTar({ name: 'zeros', content: Buffer.alloc(64 * 1024 * 1024) })] },
    /no room/,
    { code: 'disk_full', freeBytes: reserve + 16 * 1024 * 1024 },
  ),
  hostile(
    'a file of a terabyte of holes',
    [pax('GNU.sparse.realsize=109951162777600'), { name: 'a', content: 'x' }],
    /no room/,
    { code: 'disk_full' },
  ),
  hostile(
    'a file with holes that tells two sizes, of which another reader takes the other',
    [pax('GNU.sparse.realsize=10', `GNU.sparse.size=${2 ** 36}`), { name: 'a', content: 'x' }],
    /two sizes/,
  ),
  hostile(
    'a file whose map of holes ends far behind its size',
    [
      pax('GNU.sparse.size=10', 'GNU.sparse.numblocks=1', `GNU.sparse.map=${2 ** 45},1`),
      { name: 'a', content: 'x' },
    ],
    /no room/,
    { code: 'disk_full' },
  ),
  hostile(
    'a file whose map of holes, in its content, ends far behind its size',
    [
      pax('GNU.sparse.major=1', 'GNU.sparse.minor=0', 'GNU.sparse.realsize=10'),
      { name: 'a', content: `1\n${2 ** 45}\n1\n`.padEnd(512, '\0') + 'x' },
    ],
    /no room/,
    { code: 'disk_full' },
  ),
  hostile(
    'a map of holes for which there is no memory',
    [
      pax('GNU.sparse.size=10', `GNU.sparse.numblocks=${2 ** 40}`, 'GNU.sparse.map=0,1'),
      { name: 'a', content: 'x' },
    ],
    /map is damaged/,
  ),
  hostile(
    'a map of holes in the content for which there is no memory',
    [
      pax('GNU.sparse.major=1', 'GNU.sparse.minor=0', 'GNU.sparse.realsize=10'),
      { name: 'a', content: `${2 ** 40}\n`.padEnd(512, '0\n') },
    ],
    /map has no end/,
  ),
  hostile('anything at all on a disk that is full', { layers: [sound] }, /no room/, {
    code: 'disk_full',
    freeBytes: reserve - 1,
  }),
];
