/** Images from a real registry on this computer into the library, and what each failure says. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ImageLibrary,
  readLayout,
  type ImportOptions,
  type StoredImage,
} from '../../src/main/images/container/index.ts';
import { temporaryDirectory } from '../support/folders.ts';
import { buildImage, readTree, unpackSquashfs } from '../support/image-builder.ts';
import {
  canServeImages,
  pushImage,
  registryLogin,
  serveRegistry,
  type Registry,
} from '../support/registry.ts';

let folder: string;

// Without docker-registry, skopeo, umoci or root these are left out, and the end of "npm test" says so.
describe.skipIf(!canServeImages)('an image', () => {
  let open: string;
  let layout: string;
  let closed: string;
  let untrusted: string;
  const registries: Registry[] = [];
  let library: ImageLibrary;
  const problems: unknown[] = [];
  const options = (more: Partial<ImportOptions> = {}): ImportOptions => ({
    ...{ architecture: 'amd64', plainHttp: true, signal: new AbortController().signal },
    ...more,
  });

  beforeAll(async () => {
    folder = temporaryDirectory();
    library = new ImageLibrary({
      folder: join(folder, 'library'),
      usedBy: () => [],
      onProblem: (error) => problems.push(error),
    });
    for (const options of [{}, { auth: true }, { tls: true }]) {
      registries.push(await serveRegistry(folder, options));
    }
    [open = '', closed = '', untrusted = ''] = registries.map(({ name }) => name);
    mkdirSync(join(folder, 'build'));
    layout = buildImage(join(folder, 'build'), [
      'mkdir -p etc bin; echo one >etc/release; echo "#!/bin/sh" >bin/run; chmod 755 bin/run',
      'mkdir etc; echo two >etc/release; head -c 3000000 /dev/urandom >large',
    ]);
    execFileSync('umoci', [
      ...['config', '--image', `${layout}:latest`, '--config.entrypoint', '/bin/run'],
      ...['--config.cmd', 'hello', '--config.env', 'A=b', '--config.user', '7:8'],
      ...['--config.workingdir', '/etc', '--config.exposedports', '80/tcp'],
    ]);
    pushImage(layout, `${open}/tests/image:1`);
    pushImage(layout, `${open}/tests/image:again`);
    pushImage(layout, `${closed}/private:1`, registryLogin);
    pushImage(layout, `${untrusted}/tests/image:1`);
    execFileSync('cp', ['-a', layout, join(folder, 'foreign')]);
    const foreign = join(folder, 'foreign');
    execFileSync('umoci', ['config', '--image', `${foreign}:latest`, '--architecture', 's390x']);
    pushImage(foreign, `${open}/tests/foreign:1`);
  });
  afterAll(async () => {
    for (const registry of registries) await registry.stop();
    rmSync(folder, { recursive: true, force: true });
    expect(problems).toEqual([]);
  });

  it('is imported with its configuration, tells its progress, and is stored once', async () => {
    const steps = new Set<string>();
    const stored = await library.import(
      `${open}/tests/image:1`,
      options({ onProgress: ({ step }) => steps.add(step) }),
    );
    expect(stored).toMatchObject({
      source: `docker://${open}/tests/image:1`,
      layerCount: 2,
      config: {
        ...{ entrypoint: ['/bin/run'], command: ['hello'], user: '7:8', workingDirectory: '/etc' },
        ...{ environment: ['A=b'], exposedPorts: ['80/tcp'] },
      },
    });
    expect(steps).toContain('building');
    const tree = readTree(unpackSquashfs(library.rootOf(stored), join(folder, 'unpacked')));
    expect([...tree.keys()]).toEqual(['.', 'bin', 'bin/run', 'etc', 'etc/release', 'large']);
    // It is known by the name that it was asked for last.
    const again = {
      ...{ ...stored, source: `docker://${open}/tests/image:again` },
      namedAtMs: expect.any(Number) as number,
    };
    expect(await library.import(`${open}/tests/image:again`, options())).toEqual(again);
    expect(await library.list()).toEqual([again]);
    expect(readdirSync(join(folder, 'library')).sort()).toEqual(
      [`${stored.manifestDigest.slice(7)}.json`, `${stored.rootDigest.slice(7)}.squashfs`].sort(),
    );
    await library.remove(stored.manifestDigest);
    expect(readdirSync(join(folder, 'library'))).toEqual([]);
  });

  it('of a private registry needs the right password, which is on no command line', async () => {
    const right = registryLogin;
    await expect(library.import(`${closed}/private:1`, options())).rejects.toMatchObject({
      code: 'registry_denied',
    });
    await expect(
      library.import(
        `${closed}/private:1`,
        options({ credentials: { ...right, password: 'wrong' } }),
      ),
    ).rejects.toMatchObject({
      code: 'registry_denied',
      message: expect.stringContaining('does not take that login') as string,
    });
    const stored = await library.import(`${closed}/private:1`, options({ credentials: right }));
    expect(stored.layerCount).toBe(2);
    await library.remove(stored.manifestDigest);
  });

  it.each<[string, () => string, Partial<ImportOptions>, string]>([
    ['is unknown', () => `${open}/tests/nothing:1`, {}, 'image_unknown'],
    ['has no such tag', () => `${open}/tests/image:none`, {}, 'image_unknown'],
    [
      'is offered without encryption',
      () => `${open}/tests/image:1`,
      { plainHttp: false },
      'registry_insecure',
    ],
    [
      'comes with a certificate that nobody trusts',
      () => `${untrusted}/tests/image:1`,
      { plainHttp: false },
      'registry_untrusted',
    ],
    [
      'comes with such a certificate although plain HTTP is allowed',
      () => `${untrusted}/tests/image:1`,
      {},
      'registry_untrusted',
    ],
    [
      'is in a registry that is not there',
      () => '127.0.0.1:9/tests/image:1',
      {},
      'registry_unreachable',
    ],
    ['is for another architecture', () => `${open}/tests/foreign:1`, {}, 'wrong_architecture'],
    ['is a file that is not there', () => 'oci-archive:/nowhere/image.tar', {}, 'file_missing'],
    ['has a name of nonsense', () => '--help', {}, 'invalid_input'],
  ])('that %s is refused in its own words, and nothing is left', async (_, name, more, code) => {
    await expect(library.import(name(), options(more))).rejects.toMatchObject({ code });
    expect(await library.list()).toEqual([]);
    const left = readdirSync(join(folder, 'library'));
    expect(left.filter((entry) => entry !== 'blobs')).toEqual([]);
  });

  it('that is known is not fetched again, under whatever name', async () => {
    const stored = await library.import(`${open}/tests/image:1`, options());
    const [{ storage } = expect.unreachable()] = registries;
    // Whoever wanted a layer now would get none.
    const blobs = join(storage, 'docker/registry/v2/blobs/sha256');
    const { layers } = await readLayout(layout, join(layout, 'blobs'), 'amd64');
    const path = (digest: string): string =>
      join(blobs, digest.slice(7, 9), digest.slice(7), 'data');
    const kept = layers.map(({ digest }) => readFileSync(path(digest)));
    for (const { digest } of layers) rmSync(path(digest));
    try {
      expect(await library.import(`${open}/tests/image:again`, options())).toEqual({
        ...stored,
        source: `docker://${open}/tests/image:again`,
        namedAtMs: expect.any(Number) as number,
      });
    } finally {
      layers.forEach(({ digest }, at) => writeFileSync(path(digest), kept[at] ?? ''));
    }
    await library.remove(stored.manifestDigest);
  });

  it('whose fetched blob was damaged is refused once, then fetched anew', async () => {
    const blobs = join(folder, 'library', 'blobs', 'sha256');
    const { layers } = await readLayout(layout, join(layout, 'blobs'), 'amd64');
    const digest = layers[0]?.digest.slice('sha256:'.length) ?? expect.unreachable();
    mkdirSync(blobs, { recursive: true });
    writeFileSync(join(blobs, digest), 'cut off');
    await expect(library.import(`${open}/tests/image:1`, options())).rejects.toMatchObject({
      code: 'image_refused',
    });
    const stored = await library.import(`${open}/tests/image:1`, options());
    await library.remove(stored.manifestDigest);
  });

  it('of the layers of another shares its root, which is built anew only where it is damaged', async () => {
    const one = await library.import(`${open}/tests/image:1`, options());
    const steps: string[] = [];
    const twin = join(folder, 'twin');
    execFileSync('cp', ['-a', layout, twin]);
    execFileSync('umoci', ['config', '--image', `${twin}:latest`, '--config.cmd', 'other']);
    // The layers are not even read: what they come to is there, by the digests of their content.
    const { layers } = await readLayout(twin, join(twin, 'blobs'), 'amd64');
    for (const { path, sizeBytes } of layers) {
      writeFileSync(`${path}.kept`, readFileSync(path));
      writeFileSync(path, Buffer.alloc(sizeBytes));
    }
    const importTwin = (): Promise<StoredImage> =>
      library.import(`oci:${twin}:latest`, options({ onProgress: ({ step }) => steps.push(step) }));
    const two = await importTwin();
    expect(two.manifestDigest).not.toBe(one.manifestDigest);
    expect(two.config.command).toEqual(['other']);
    const { rootDigest, rootBytes, contentBytes, fileDigest } = one;
    expect(two).toMatchObject({ rootDigest, rootBytes, contentBytes, fileDigest });
    expect(steps).not.toContain('building');
    await library.remove(two.manifestDigest);
    expect(await library.list()).toEqual([one]);

    for (const { path } of layers) renameSync(`${path}.kept`, path);
    writeFileSync(library.rootOf(one), 'damaged');
    const healed = await importTwin();
    expect(steps).toContain('building');
    expect(healed.rootBytes).toBe(rootBytes);
    const tree = readTree(unpackSquashfs(library.rootOf(one), join(folder, 'healed')));
    expect(tree.has('etc/release')).toBe(true);
    expect(await library.list()).toEqual([healed, { ...one, fileDigest: healed.fileDigest }]);
    await library.remove(one.manifestDigest);
    await library.remove(healed.manifestDigest);
    expect(readdirSync(join(folder, 'library'))).toEqual([]);
  });

  it('that shares a root can be called off while that is looked at', async () => {
    const one = await library.import(`${open}/tests/image:1`, options());
    const end = new AbortController();
    const twin = join(folder, 'twin');
    const onProgress = (): void => void setImmediate(() => end.abort());
    await expect(
      library.import(`oci:${twin}:latest`, options({ signal: end.signal, onProgress })),
    ).rejects.toMatchObject({ code: 'cancelled' });
    expect(await library.list()).toEqual([one]);
    await library.remove(one.manifestDigest);
  });

  it('whose root has a name of an older Nandu leaves nothing of that when it is built anew', async () => {
    const one = await library.import(`${open}/tests/image:1`, options());
    const older = { ...one, rootDigest: `sha256:${'5'.repeat(64)}` };
    renameSync(library.rootOf(one), library.rootOf(older));
    const record = join(folder, 'library', `${one.manifestDigest.slice(7)}.json`);
    writeFileSync(record, JSON.stringify(older));
    expect(await library.import(`${open}/tests/image:1`, options())).toEqual(older);
    writeFileSync(library.rootOf(older), 'damaged');
    const healed = await library.import(`${open}/tests/image:1`, options());
    expect(healed.rootDigest).toBe(one.rootDigest);
    expect(await library.list()).toEqual([healed]);
    expect(existsSync(library.rootOf(older))).toBe(false);
    await library.remove(one.manifestDigest);
  });

  it('whose record a crash left half written is swept', async () => {
    const one = await library.import(`${open}/tests/image:1`, options());
    const left = join(folder, 'library', `.${'5'.repeat(64)}.new`);
    writeFileSync(left, '{');
    await library.sweep();
    expect(existsSync(left)).toBe(false);
    expect(await library.list()).toEqual([one]);
    await library.remove(one.manifestDigest);
  });

  it('two at once, and a removal meanwhile, do not get into each other’s way', async () => {
    const [one, two] = await Promise.all([
      library.import(`${open}/tests/image:1`, options()),
      library.import(`${open}/tests/image:again`, options()),
    ]);
    expect(two).toEqual({
      ...{ ...one, source: `docker://${open}/tests/image:again` },
      namedAtMs: expect.any(Number) as number,
    });
    await library.remove(one.manifestDigest);
    expect(await library.list()).toEqual([]);
  });

  it('is called off: nothing is listed, and the next try imports it', async () => {
    const end = new AbortController();
    const importing = library.import(`${open}/tests/image:1`, options({ signal: end.signal }));
    await delay(30);
    end.abort();
    await expect(importing).rejects.toMatchObject({ code: 'cancelled' });
    expect(await library.list()).toEqual([]);
    const stored = await library.import(`${open}/tests/image:1`, options());
    expect((await library.list()).length).toBe(1);
    await library.remove(stored.manifestDigest);
  });
});
