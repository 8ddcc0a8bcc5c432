/** Folders in the real app: its own Node hands the socket down, and the window says how they are shared. */
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  defaultContainer,
  defaultSettings,
  defaultSpec,
  importIdSchema,
} from '../../src/shared/index.ts';
import { NanduApp } from '../support/app.ts';
import { temporaryDirectory } from '../support/folders.ts';
import { smallImage } from '../support/small-image.ts';

let app: NanduApp;
const [images, shared] = [temporaryDirectory(), temporaryDirectory()];

beforeAll(async () => {
  app = await NanduApp.start();
});
afterAll(async () => {
  await app.close();
  for (const folder of [images, shared]) rmSync(folder, { recursive: true, force: true });
  expect(app.pageErrors).toEqual([]);
});

it('are shared by virtiofs, and by 9p from the next start on when that is chosen', async () => {
  const image = await app.invoke('image:import', {
    importId: importIdSchema.parse(randomUUID()),
    ...{ image: smallImage(images, 'plain', { Cmd: ['sh'] }), login: null, plainHttp: false },
  });
  const container = {
    ...defaultContainer,
    ...{ image: image.source, digest: image.digest },
    command: ['sh', '-c', 'mount | grep " /data " >/data/how; while :; do sleep 1; done'],
    folders: [{ hostPath: shared, guestPath: '/data', readOnly: false }],
  };
  const { id } = await app.invoke('machine:create', {
    ...{ ...defaultSpec, name: 'sharer', accelerator: 'tcg', container },
  });
  const boundary = app.page.getByText('the guest can write', { exact: false });
  await app.page.getByRole('list', { name: 'Machines' }).getByText('sharer').click();
  for (const way of ['virtiofs', '9p'] as const) {
    await app.invoke('settings:set', {
      ...defaultSettings,
      sharedFolders: way === '9p' ? '9p' : 'automatic',
    });
    const { checks } = await app.invoke('doctor:run', undefined);
    const check = checks.find((each) => each.id === 'shared-folders');
    expect(check?.message).toContain(`Shared folders use ${way}`);
    await app.invoke('machine:start', { id });
    await expect
      .poll(() => readFileSync(join(shared, 'how'), { encoding: 'utf8', flag: 'a+' }), {
        timeout: 60_000,
      })
      .toContain(` type ${way} `);
    await app.openTab('Overview');
    await expect.poll(() => boundary.textContent()).toContain(`the guest can write, by ${way}`);
    await app.invoke('machine:stop', { id });
    await expect.poll(() => boundary.textContent()).not.toContain(', by ');
  }
});
