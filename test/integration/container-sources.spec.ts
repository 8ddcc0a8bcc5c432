/** Images out of files and of local engines: each kind of source, and what to do where one is missing. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ImageLibrary,
  type ImportOptions,
  type ImportState,
} from '../../src/main/images/container/index.ts';
import { temporaryDirectory } from '../support/folders.ts';
import { buildImage, canBuildImages } from '../support/image-builder.ts';

const canCopy = ((): boolean => {
  try {
    execFileSync('skopeo', ['--version'], { stdio: 'ignore' });
    return canBuildImages();
  } catch {
    return false;
  }
})();

describe.skipIf(!canCopy)('an image', () => {
  let folder: string;
  let library: ImageLibrary;
  const at = (name: string): string => join(folder, name);
  const options = (more: Partial<ImportOptions> = {}): ImportOptions => ({
    ...{ architecture: 'amd64', signal: new AbortController().signal },
    ...more,
  });

  beforeAll(() => {
    folder = temporaryDirectory();
    library = new ImageLibrary({
      ...{ folder: at('library'), usedBy: () => [] },
      onProblem: (problem) => {
        throw problem;
      },
    });
    mkdirSync(at('build'));
    const layout = buildImage(at('build'), [
      'mkdir etc; echo one >etc/release; head -c 2000000 /dev/urandom >large',
      'mkdir etc; echo two >etc/release',
    ]);
    const copy = (to: string, ...more: string[]): void =>
      void execFileSync('skopeo', ['copy', '--quiet', ...more, `oci:${layout}:latest`, to]);
    copy(`docker-archive:${at('docker.tar')}:tests/image:1`);
    copy(`oci-archive:${at('oci.tar')}:latest`);
    copy(`oci:${at('layout')}:latest`);
    copy(`oci:${at('zstd')}:latest`, '--dest-compress-format', 'zstd', '--dest-compress');
    writeFileSync(at('text.tar'), 'hello');
    execFileSync('sh', ['-c', `head -c 1000000 '${at('oci.tar')}' >'${at('cut.tar')}'`]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ['docker-archive', () => `docker-archive:${at('docker.tar')}`],
    ['docker-archive, by its name in it', () => `docker-archive:${at('docker.tar')}:tests/image:1`],
    ['oci-archive', () => `oci-archive:${at('oci.tar')}`],
    ['oci', () => `oci:${at('layout')}:latest`],
    ['oci, without a tag', () => `oci:${at('layout')}`],
    ['oci, packed by zstd', () => `oci:${at('zstd')}`],
  ])('comes out of %s, with its progress', async (_, name) => {
    const states: ImportState[] = [];
    const onProgress = (state: ImportState): void => void states.push(state);
    const stored = await library.import(name(), options({ onProgress }));
    expect(stored).toMatchObject({ source: name(), layerCount: 2 });
    // Whatever it comes from, the root is the same.
    expect(stored.contentBytes).toBe(2_000_004);
    expect(states.map(({ step }) => step)).toEqual(
      expect.arrayContaining(['fetching', 'building']),
    );
    const last = states.at(-1);
    expect(last?.layers.map(({ bytes, totalBytes }) => bytes === totalBytes)).toEqual([true, true]);
    expect(last?.builtBytes).toBe(2_000_004);
    await library.remove(stored.manifestDigest);
    expect(readdirSync(at('library'))).toEqual([]);
  });

  it('with equal files has one root on the disk, which goes with the last', async () => {
    const one = await library.import(`docker-archive:${at('docker.tar')}`, options());
    const two = await library.import(`oci:${at('layout')}`, options());
    expect(one.manifestDigest).not.toBe(two.manifestDigest);
    expect(library.rootOf(one)).toBe(library.rootOf(two));
    expect((await library.usage()).imageBytes).toBe(one.rootBytes);
    await library.remove(one.manifestDigest);
    expect(existsSync(library.rootOf(two))).toBe(true);
    expect(await library.find(two.manifestDigest)).toEqual(two);
    expect(await library.find(one.manifestDigest)).toBeNull();
    await library.remove(two.manifestDigest);
    expect(readdirSync(at('library'))).toEqual([]);
  });

  it.each<[string, () => string, string, RegExp]>([
    [
      'Docker’s engine, which does not run',
      () => 'docker-daemon:alpine:3',
      'registry_unreachable',
      /systemctl start docker.*docker save/,
    ],
    [
      'Podman’s images, among which it is not',
      () => 'containers-storage:localhost/nandu-test-nothing:1',
      'image_unknown',
      /podman images/,
    ],
    ['no file', () => `docker-archive:${at('nothing.tar')}`, 'file_missing', /There is no/],
    ['no folder', () => `oci:${at('nothing')}`, 'file_missing', /index\.json/],
    ['a text', () => `docker-archive:${at('text.tar')}`, 'image_refused', /no image archive/],
    ['a text, as OCI', () => `oci-archive:${at('text.tar')}`, 'image_refused', /no image archive/],
    ['an archive that was cut off', () => `oci-archive:${at('cut.tar')}`, 'image_refused', /./],
    [
      'an archive of another kind',
      () => `docker-archive:${at('oci.tar')}`,
      'image_refused',
      /no image archive/,
    ],
    [
      'an archive without that name',
      () => `docker-archive:${at('docker.tar')}:tests/other:1`,
      'image_unknown',
      /There is no image/,
    ],
    [
      'a layout without that tag',
      () => `oci:${at('layout')}:other`,
      'image_unknown',
      /There is no image “other”.*It has: latest/,
    ],
  ])('cannot come out of %s, and that says what to do', async (_, name, code, says) => {
    await expect(library.import(name(), options())).rejects.toMatchObject({
      ...{ code, message: expect.stringMatching(says) },
    });
    expect(await library.list()).toEqual([]);
  });

  it('needs skopeo, and says where to get it', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = '/nowhere';
    try {
      await expect(library.import('alpine', options())).rejects.toMatchObject({
        ...{ code: 'tool_missing', details: { tool: 'skopeo' } },
      });
    } finally {
      process.env['PATH'] = path;
    }
  });

  it('needs room: what is left alone on the disk stays alone', async () => {
    const full = new ImageLibrary({
      ...{ folder: at('full'), usedBy: () => [], onProblem: () => undefined },
      freeBytes: () => Promise.resolve(257 * 1024 * 1024),
    });
    await expect(full.import(`oci-archive:${at('oci.tar')}`, options())).rejects.toMatchObject({
      ...{ code: 'disk_full', message: expect.stringMatching(/Free some space/) },
    });
    expect(await full.list()).toEqual([]);
    await full.prune();
    expect(readdirSync(at('full'))).toEqual([]);
  });
});
