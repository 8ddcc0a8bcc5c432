/** Imports as the window asks for them: progress, logins, cancels, images in use, and what is left of it all. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Cipher } from '../../src/main/store/index.ts';
import {
  defaultContainer,
  importIdSchema,
  type ImageView,
  type ImportRequest,
} from '../../src/shared/index.ts';
import { temporaryDirectory } from '../support/folders.ts';
import { buildImage } from '../support/image-builder.ts';
import {
  canServeImages,
  pushImage,
  registryLogin,
  serveRegistry,
  type Registry,
} from '../support/registry.ts';
import { Services } from '../support/services.ts';

/** Turns every byte around: enough to see that nothing else is written. */
const cipher: Cipher = {
  available: true,
  encrypt: (text) => Buffer.from(Buffer.from(text, 'utf8').map((byte) => byte ^ 0xff)),
  decrypt: (bytes) => Buffer.from(bytes.map((byte) => byte ^ 0xff)).toString('utf8'),
};

/** Command lines and environments of all processes that may be looked at. */
function processTable(): string {
  let all = '';
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const file of ['cmdline', 'environ']) {
      try {
        all += `${readFileSync(`/proc/${pid}/${file}`, 'latin1')}\n`;
      } catch {
        // ended meanwhile
      }
    }
  }
  return all;
}

describe.skipIf(!canServeImages)('the images of the window', () => {
  let folder: string;
  let open: Registry;
  let closed: Registry;
  let services: Services;

  beforeAll(async () => {
    folder = temporaryDirectory();
    open = await serveRegistry(folder);
    closed = await serveRegistry(folder, { auth: true });
    mkdirSync(join(folder, 'build'));
    const layout = buildImage(join(folder, 'build'), [
      'head -c 3000000 /dev/urandom >one',
      'head -c 2000000 /dev/urandom >two; : >.wh.nothing',
    ]);
    pushImage(layout, `${open.name}/tests/image:1`);
    pushImage(layout, `${closed.name}/private:1`, registryLogin);
  });
  afterAll(async () => {
    for (const registry of [open, closed]) await registry.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    services = await Services.open(temporaryDirectory(), { cipher });
  });
  afterEach(async () => {
    await services.close();
    rmSync(join(services.paths.data, '..'), { recursive: true, force: true });
    expect(services.problems).toEqual([]);
  });

  const request = (change: Partial<ImportRequest> = {}): ImportRequest => ({
    importId: importIdSchema.parse(randomUUID()),
    ...{ image: `${open.name}/tests/image:1`, login: null, plainHttp: true },
    ...change,
  });
  const import_ = (change: Partial<ImportRequest> = {}): Promise<ImageView> =>
    services.images.import(request(change));

  it('come with the progress of every layer, and are announced', async () => {
    const image = await import_();
    const { progressed, listed } = services;
    expect(progressed[0]).toMatchObject({ step: 'waiting', layers: [] });
    expect(progressed.at(-1)).toMatchObject({ step: 'done', error: null });
    const totals = progressed.at(-1)?.layers.map(({ bytes, totalBytes }) => [bytes, totalBytes]);
    expect(totals?.map(([bytes, total]) => bytes === total)).toEqual([true, true]);
    expect(totals?.[0]?.[0]).toBeGreaterThan(2_900_000);
    expect(listed.at(-1)).toEqual([image]);
    expect(services.images.imports()).toEqual([]);
  });

  it('wait for each other; one that waits is called off at once', async () => {
    const [one, two] = [request(), request()];
    const first = services.images.import(one);
    const second = services.images.import(two);
    await delay(1);
    services.images.cancel(two.importId);
    await expect(second).rejects.toMatchObject({ code: 'cancelled' });
    const of = services.progressed.filter(({ importId }) => importId === two.importId);
    expect(of.map(({ step }) => step)).toEqual(['waiting', 'cancelled']);
    await first;
  });

  it.each([0, 20, 60, 100, 140, 180, 240, 320])(
    'are called off after %i ms: either there whole, or nothing is there',
    async (afterMs) => {
      const asked = request();
      const importing = services.images.import(asked).then(
        () => 'done',
        (error: { code: string }) => error.code,
      );
      await delay(afterMs);
      services.images.cancel(asked.importId);
      const outcome = await importing;
      expect(['done', 'cancelled']).toContain(outcome);
      expect((await services.images.list()).length).toBe(outcome === 'done' ? 1 : 0);
      const { images } = services.paths;
      // One that is called off at once has not even made the folder.
      const names = (): string[] => (existsSync(images) ? readdirSync(images) : []);
      expect(names().filter((name) => name !== 'blobs').length).toBe(outcome === 'done' ? 2 : 0);
      await services.images.prune();
      expect(names()).toEqual([]);
    },
  );

  it('of private registries need the login once, which is nowhere to be read', async () => {
    const image = `${closed.name}/private:1`;
    await expect(import_({ image })).rejects.toMatchObject({ code: 'registry_denied' });
    await expect(
      import_({ image, login: { ...registryLogin, password: 'wrong', remember: true } }),
    ).rejects.toMatchObject({ code: 'registry_denied' });
    const known = services.images.registries();
    expect(known.map(({ user }) => user).filter((user) => user !== null)).toEqual([]);

    const password = `${registryLogin.user}:${registryLogin.password}`;
    const hidden = [password, Buffer.from(password).toString('base64')];
    const seen: string[] = [];
    const importing = import_({ image, login: { ...registryLogin, remember: true } });
    let over = false;
    void importing.finally(() => (over = true));
    while (!over) {
      seen.push(processTable());
      await delay(5);
    }
    const { digest } = await importing;
    const ours = seen.flatMap((table) => table.split('\n'));
    const hasFile = (line: string): boolean =>
      line.includes('/proc/self/fd/3') && line.includes(services.paths.images);
    expect(ours.some(hasFile)).toBe(true);
    const told = JSON.stringify([services.progressed, services.listed, services.images.imports()]);
    for (const text of [...seen, told]) {
      for (const secret of hidden) expect(text.includes(secret)).toBe(false);
    }
    const database = readFileSync(`${services.paths.database}-wal`);
    expect(database.includes('"secret"') || database.includes(hidden[1] ?? '')).toBe(false);

    await services.images.remove(digest);
    expect(services.images.registries()).toEqual([
      { registry: closed.name, user: 'somebody', plainHttp: true },
    ]);
    // Neither is asked for again.
    await import_({ image, plainHttp: false });
    services.images.forgetRegistry(closed.name);
    await services.images.remove(digest);
    await expect(import_({ image })).rejects.toMatchObject({ code: 'registry_denied' });
  });

  it('by https leave no permission for plain HTTP behind, which somebody on the way could use', async () => {
    const secure = await serveRegistry(folder, { tls: true });
    const certificates = process.env['SSL_CERT_FILE'];
    process.env['SSL_CERT_FILE'] = join(secure.storage, '../cert.pem');
    try {
      const layout = join(folder, 'build', 'image');
      pushImage(layout, `${secure.name}/tests/image:1`);
      await import_({ image: `${secure.name}/tests/image:1`, plainHttp: true });
      expect(services.images.registries()).toEqual([]);
      await import_({ plainHttp: true });
      expect(services.images.registries()).toEqual([
        { registry: open.name, user: null, plainHttp: true },
      ]);
    } finally {
      if (certificates === undefined) delete process.env['SSL_CERT_FILE'];
      else process.env['SSL_CERT_FILE'] = certificates;
      await secure.stop();
    }
  });

  it('are kept while a machine has them, and pruned when none does', async () => {
    const image = await import_();
    const container = { ...defaultContainer, image: image.source, digest: image.digest };
    const { id } = await services.manager.create(services.spec({ name: 'web', container }));
    expect(await services.images.list()).toMatchObject([{ usedBy: [id] }]);
    await expect(services.images.remove(image.digest)).rejects.toMatchObject({
      ...{ code: 'image_in_use', message: expect.stringContaining('“web”') },
    });
    const bytes = image.rootBytes;
    const usage = { imageBytes: bytes, unusedBytes: 0, partialBytes: 0 };
    expect(await services.images.usage()).toEqual(usage);
    expect(await services.images.prune()).toBe(0);
    await services.manager.remove(id, false);
    expect(await services.images.usage()).toEqual({ ...usage, unusedBytes: bytes });
    expect(await services.images.prune()).toBe(bytes);
    expect([await services.images.list(), services.listed.at(-1)]).toEqual([[], []]);
    await expect(services.images.remove(image.digest)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('half imported when Nandu ended are gone when it is started anew', async () => {
    const image = await import_();
    mkdirSync(join(services.paths.images, '.work-1', 'layout'), { recursive: true });
    await services.close('keep');
    services = await Services.open(join(services.paths.data, '..'), { cipher });
    await services.images.prune();
    expect(readdirSync(services.paths.images)).toEqual([]);
    expect(image.rootBytes).toBeGreaterThan(0);
  });
});
