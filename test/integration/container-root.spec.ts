/** The root file system that comes of an image's layers, against what umoci makes of the same image. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  flattenToSquashfs,
  layerSource,
  readLayout,
  type Flattened,
} from '../../src/main/images/container/index.ts';
import { setRootOwner } from '../../src/main/images/container/squashfs-root.ts';
import { temporaryDirectory } from '../support/folders.ts';
import { writeRawImage } from '../support/raw-image.ts';
import { pax, rawTar, type RawEntry } from '../support/raw-tar.ts';
import {
  buildImage,
  canBuildImages,
  differences,
  readTree,
  unpackByUmoci,
  unpackSquashfs,
} from '../support/image-builder.ts';

let folder: string;
beforeEach(() => (folder = temporaryDirectory()));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function convert(layout: string, image: string): Promise<Flattened> {
  const { layers } = await readLayout(layout, join(layout, 'blobs'), 'amd64');
  const { signal } = new AbortController();
  const sources = layers.map(({ path, digest, diffId }) => layerSource(path, digest, diffId));
  return flattenToSquashfs(sources, image, { signal, maxBytes: 1e9 });
}

/** In which entries the two differ. */
async function compare(layers: readonly string[]): Promise<{ paths: string[]; differs: string[] }> {
  const layout = buildImage(folder, layers);
  const image = join(folder, 'root.squashfs');
  await convert(layout, image);
  const theirs = readTree(unpackByUmoci(layout, join(folder, 'bundle')));
  const ours = readTree(unpackSquashfs(image, join(folder, 'ours')));
  return { paths: [...ours.keys()], differs: differences(ours, theirs) };
}

const long = 'a-rather-long-name/'.repeat(9);

// Without umoci or root these are left out, which the last lines of "npm test" count and name.
it('without sqfstar says so at once, and leaves nothing', async () => {
  const path = process.env['PATH'];
  process.env['PATH'] = '/nowhere';
  try {
    const image = join(folder, 'x.squashfs');
    const { signal } = new AbortController();
    const tar = { open: () => Readable.from([Buffer.alloc(4 * 1024 * 1024)]) };
    await expect(flattenToSquashfs([tar], image, { signal, maxBytes: 1e9 })).rejects.toMatchObject({
      code: 'tool_missing',
    });
    expect(existsSync(image)).toBe(false);
  } finally {
    process.env['PATH'] = path;
  }
});

describe.skipIf(!canBuildImages())('a flattened image is what umoci unpacks', () => {
  it('every kind of entry, with owners, times, attributes and long names', async () => {
    const { paths, differs } = await compare([
      `mkdir -p etc dev "${long}" sticky
       echo hello >etc/file; chmod 6711 etc/file; chown 12:34567 etc/file
       ln etc/file etc/hard; ln -s /absolute/../target etc/soft; ln -s "${long}x" etc/long-link
       echo deep >"${long}$(printf 'n%.0s' $(seq 120))"
       mknod dev/null c 1 3; mknod dev/loop b 7 0; mkfifo etc/pipe
       chmod 1777 sticky; : >etc/empty; head -c 300000 /dev/urandom >etc/large
       touch -d 1999-12-31T23:59:58Z etc/file; touch -h -d 2001-02-03T04:05:06Z etc/soft
       setfattr -n user.note -v "with
newline" etc/large; setfattr -n user.bytes -v 0x00ff00fe etc/large
       printf 'x' >'etc/with "quotes" and ünïcödé'`,
    ]);
    expect(differs).toEqual([]);
    expect(paths).toContain('etc/hard');
  });

  it('whiteouts, opaque folders, and what replaces what', async () => {
    const { paths, differs } = await compare([
      `mkdir -p gone kept/sub opaque/sub tree/a/b dir-to-file file-parent
       echo 1 >gone/x; echo 1 >kept/x; echo 1 >kept/sub/y; echo 1 >opaque/old; echo 1 >opaque/sub/old
       echo 1 >tree/a/b/c; echo 1 >dir-to-file/x; echo 1 >file-to-dir; echo 1 >file-to-link
       echo 1 >twice; echo 1 >.wrong; mkdir modes; chmod 700 modes; echo 1 >modes/in`,
      `: >.wh.gone; mkdir -p kept opaque tree; : >kept/.wh.x; : >opaque/.wh..wh..opq; echo 2 >opaque/new
       echo 2 >dir-to-file; mkdir file-to-dir; echo 2 >file-to-dir/x; ln -s twice file-to-link
       echo 2 >twice; echo 2 >tree/a; mkdir modes; chmod 2755 modes`,
      `mkdir -p gone tree/a opaque/sub dir-to-file; echo 3 >gone/again; echo 3 >tree/a/new; echo 3 >opaque/sub/new
       : >.wh.twice; echo 3 >dir-to-file/back; : >.wh..wrong`,
    ]);
    expect(differs).toEqual([]);
    expect(paths.filter((path) => path.startsWith('opaque'))).toEqual([
      ...['opaque', 'opaque/new', 'opaque/sub', 'opaque/sub/new'],
    ]);
    expect(paths).not.toContain('dir-to-file/x');
    expect(paths).not.toContain('tree/a/b');
  });

  it('hard links over layers: to what is kept, replaced, and removed', async () => {
    const { differs } = await compare([
      `echo base >a; ln a b; ln a c; mkdir d; ln a d/e`,
      // The first name of a file is replaced, another is removed: the rest must keep their content.
      `echo new >a; : >.wh.b`,
      `mkdir d; echo shared >d/f; ln d/f g; ln d/f h`,
      `mkdir d; : >d/.wh.f`,
    ]);
    expect(differs).toEqual([]);
  });

  it.each<[string, RawEntry[][], string[]]>([
    [
      'entries that go through links, also absolute ones and ones that lead out',
      [
        [
          { name: 'real/', type: '5', mode: 0o755 },
          { name: 'link', type: '2', link: 'real' },
          { name: 'abs', type: '2', link: '/real' },
          { name: 'up', type: '2', link: '../../real' },
          { name: 'real/k', content: 'k' },
          { name: 'link/same', content: 'same layer' },
        ],
        [
          { name: 'link/x', content: 'through' },
          { name: 'abs/y', content: 'absolute' },
          { name: 'up/z', content: 'up' },
          { name: 'link/.wh.k' },
          { name: 'hard', type: '1', link: 'link/same' },
        ],
      ],
      ['abs', 'hard', 'link', 'real', 'real/same', 'real/x', 'real/y', 'real/z', 'up'],
    ],
    [
      'an opaque folder behind a link',
      [
        [
          { name: 'real/', type: '5', mode: 0o755 },
          { name: 'real/k', content: 'k' },
          { name: 'link', type: '2', link: 'real' },
        ],
        [{ name: 'link/.wh..wh..opq' }],
      ],
      ['link', 'real'],
    ],
    [
      'the last of entries of one name, of which others may be folders',
      [
        [
          { name: 'a', content: 'one' },
          { name: 'a', content: 'two', mode: 0o600, owner: 7 },
          { name: 'b', content: 'x' },
          { name: 'b/', type: '5', mode: 0o755 },
          { name: 'b/in', content: '1' },
          { name: 'c/', type: '5', mode: 0o700 },
          { name: 'c/', type: '5', mode: 0o755, owner: 3 },
        ],
      ],
      ['a', 'b', 'b/in', 'c'],
    ],
    [
      'mode and owner of the root itself, of the topmost layer that tells',
      [
        [
          { name: './', type: '5', mode: 0o700, owner: 1 },
          { name: 'x', content: '' },
        ],
        [
          { name: './', type: '5', mode: 0o750, owner: 12 },
          { name: 'y', content: '', owner: 12 },
        ],
        [{ name: 'z', content: '' }],
      ],
      ['x', 'y', 'z'],
    ],
  ])('%s', async (_, layers, paths) => {
    const layout = join(folder, 'raw');
    writeRawImage(layout, { layers: layers.map((entries) => rawTar(...entries)) });
    const image = join(folder, 'root.squashfs');
    await convert(layout, image);
    const ours = readTree(unpackSquashfs(image, join(folder, 'ours')));
    const theirs = readTree(unpackByUmoci(layout, join(folder, 'bundle')));
    // What umoci writes into a folder changes that folder's time; a layer that is unpacked by a kernel does too.
    const timeless = (tree: Map<string, string>): Map<string, string> =>
      new Map([...tree].map(([path, text]) => [path, text.replace(/ time=\d+/, '')]));
    expect(differences(timeless(ours), timeless(theirs))).toEqual([]);
    expect([...ours.keys()]).toEqual(['.', ...paths]);
  });

  it('whose root folder is root’s, whoever builds it', async () => {
    const tar = join(folder, 'x.tar');
    const image = join(folder, 'x.squashfs');
    writeFileSync(tar, rawTar({ name: 'x' }));
    chmodSync(folder, 0o777);
    const anybody = 'setpriv --reuid 1000 --regid 1000 --clear-groups';
    const build = `${anybody} sqfstar -comp lz4 -noI -quiet -no-progress '${image}' <'${tar}'`;
    execFileSync('sh', ['-c', build], { stdio: 'ignore' });
    await setRootOwner(image, 0, 0);
    expect(readTree(unpackSquashfs(image, join(folder, 'ours'))).get('.')).toMatch('owner=0:0');
  });

  it('times before 1970 and after 2106 are the nearest that there are', async () => {
    const layout = join(folder, 'raw');
    const negative = Buffer.alloc(12, 0xff).fill(0xfb, 11).toString('latin1');
    const far = `\x80${'\0'.repeat(6)}\x02${'\0'.repeat(4)}`;
    const layer = rawTar(
      { name: 'old', time: negative },
      { name: 'far', time: far },
      ...[pax('mtime=-5.5'), { name: 'older' }, pax('mtime=99999999999'), { name: 'farther' }],
      ...[pax('atime=-1'), pax('mtime=100.75'), { name: 'plain' }],
    );
    writeRawImage(layout, { layers: [layer] });
    const image = join(folder, 'root.squashfs');
    await convert(layout, image);
    const tree = readTree(unpackSquashfs(image, join(folder, 'ours')));
    const times = [...tree].map(([path, text]) => [path, /time=(\d+)/.exec(text)?.[1]]);
    expect(times.slice(1)).toEqual([
      ...[
        ['far', '4294967295'],
        ['farther', '4294967295'],
        ['old', '0'],
        ['older', '0'],
      ],
      ['plain', '100'],
    ]);
  });

  it('60 layers', async () => {
    const { paths, differs } = await compare(
      Array.from(
        { length: 60 },
        (_, n) =>
          `mkdir -p d; echo ${n} >d/${n}; echo ${n} >last${n > 2 ? `; : >d/.wh.${n - 3}` : ''}`,
      ),
    );
    expect(differs).toEqual([]);
    expect(paths).toEqual(['.', 'd', 'd/57', 'd/58', 'd/59', 'last']);
  });
});
