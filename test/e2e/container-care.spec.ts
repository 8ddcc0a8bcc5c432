/** What a container's machine needs later on: its image again, its secrets, its old disk gone, its last words once more. */
import { existsSync, rmSync } from 'node:fs';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  defaultContainer,
  defaultSpec,
  type Container,
  type ImageView,
  type MachineView,
} from '../../src/shared/index.ts';
import { NanduApp } from '../support/app.ts';
import { temporaryDirectory } from '../support/folders.ts';
import { smallImage } from '../support/small-image.ts';

let app: NanduApp;
let image: ImageView;
const folder = temporaryDirectory();

beforeAll(async () => {
  app = await NanduApp.start();
  image = await importImage('care');
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
  expect(app.pageErrors).toEqual([]);
});

async function importImage(name: string, text = ''): Promise<ImageView> {
  const files = text === '' ? {} : { text };
  const source = smallImage(folder, name, { Cmd: ['sh'], Env: ['PATH=/bin'] }, { files });
  const importId = crypto.randomUUID() as never;
  return app.invoke('image:import', { importId, image: source, login: null, plainHttp: false });
}

async function create(
  name: string,
  container: Partial<Container>,
  from = image,
): Promise<MachineView> {
  const { digest, source } = from;
  const machine = await app.invoke('machine:create', {
    ...{ ...defaultSpec, name, memoryMiB: 256, quietKernel: true },
    container: { ...defaultContainer, image: source, digest, ...container },
  });
  await app.page.getByRole('list', { name: 'Machines' }).getByText(name, { exact: true }).click();
  await app.page.getByRole('heading', { name, level: 1 }).waitFor();
  return machine;
}

const button = (within: Locator, name: string): Locator =>
  within.getByRole('button', { name, exact: true });
const specOf = async (name: string): Promise<MachineView['spec'] | undefined> =>
  (await app.machines()).find(({ spec }) => spec.name === name)?.spec;

describe('a container’s machine', () => {
  it('has its image pulled on its own page, and is told when another one came by its name', async () => {
    const moving = await importImage('moving', 'first');
    await create('mover', { command: ['sh', '-c', 'exit 0'] }, moving);
    await app.openTab('Overview');
    const notice = app.page.getByText('Its image is not on this computer');
    expect(await notice.isVisible()).toBe(false);
    // No image goes that a machine has: its definition names another one meanwhile.
    const machine = (await app.machines()).find(({ spec }) => spec.name === 'mover');
    const { container } = machine?.spec ?? {};
    if (!machine || !container) throw new Error('no machine');
    await app.invoke('machine:update', {
      id: machine.id,
      spec: { ...machine.spec, container: { ...container, digest: image.digest } },
    });
    await app.invoke('image:remove', { digest: moving.digest });
    await app.invoke('machine:update', {
      id: machine.id,
      spec: { ...machine.spec, container: { ...container, digest: moving.digest } },
    });
    await notice.waitFor();
    await app.button('Start').first().click();
    await expect
      .poll(async () => (await app.machines()).find(({ id }) => id === machine.id)?.problem?.code, {
        timeout: 20_000, // a first start looks at QEMU and KVM before
      })
      .toBe('image_missing');
    expect(await app.page.getByRole('region', { name: 'Problem' }).isVisible()).toBe(false);

    smallImage(
      folder,
      'moving',
      { Cmd: ['sh'], Env: ['PATH=/bin'] },
      { files: { text: 'second' } },
    );
    await app.button('Pull moving…').click();
    const dialog = app.page.getByRole('dialog', { name: 'Pull image' });
    await button(dialog, 'Pull').click();
    await app.page.getByText(/is another image by now/).waitFor({ timeout: 20_000 });
    await app.button('Take the new one').click();
    await notice.waitFor({ state: 'hidden' });
    expect((await specOf('mover'))?.container?.digest).not.toBe(moving.digest);
    await app.button('Start').first().click();
    await app.page.getByText('Exit 0: it ended well').waitFor({ timeout: 30_000 });
  });

  it('has the secret that was typed set by Save, also after a look at another tab', async () => {
    const { id } = await create('secretive', { secrets: ['TOKEN'] });
    await app.openTab('Settings');
    await app.page.getByLabel('Value of secret 1', { exact: true }).fill('typed-only');
    await app.openTab('Overview');
    await app.openTab('Settings');
    await app.button('Save').click();
    await expect.poll(() => app.invoke('secret:list', { id })).toEqual(['TOKEN']);
    await app.page.getByLabel('Unsaved changes').waitFor({ state: 'hidden' });
  });

  it('has the disk that it left behind deleted, with its size said first', async () => {
    const { id, spec } = await create('hoarder', {
      storage: 'disk',
      command: ['sh', '-c', 'exit 0'],
    });
    await app.openTab('Overview');
    await app.button('Start').first().click();
    await app.page.getByText('Exit 0: it ended well').waitFor({ timeout: 30_000 });
    if (spec.container === null) throw new Error('no container');
    await app.invoke('machine:update', {
      id,
      spec: { ...spec, container: { ...spec.container, storage: 'memory' } },
    });
    const path = (await app.invoke('machine:left-disk', { id }))?.path ?? '';
    expect(existsSync(path)).toBe(true);
    await app.button('Delete the disk…').click();
    const question = app.page.getByRole('alertdialog');
    await question.getByText(/(KiB|MiB) that its container wrote/).waitFor();
    await button(question, 'Delete the disk').click();
    await question.waitFor({ state: 'hidden' });
    expect(existsSync(path)).toBe(false);
    await app.button('Delete the disk…').waitFor({ state: 'hidden' });
  });

  it('that ran once is heard after the page was loaded anew, until its words were read', async () => {
    const { id } = await create('once', {
      ...{ runOnce: true, command: ['sh', '-c', 'echo said-once; exit 3'] },
    });
    await app.page.getByRole('searchbox').focus();
    await app.invoke('machine:start', { id });
    await app.button('Show output').waitFor({ timeout: 30_000 });
    await app.page.reload();
    await app.button('Show output').click();
    await app.page.getByRole('region', { name: 'Last output' }).getByText('said-once').waitFor();
    await app.page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await expect.poll(() => app.invoke('machine:last-words', undefined)).toEqual([]);
    await app.page.reload();
    await app.button('New machine').first().waitFor();
    await app.atRest();
    expect(await app.button('Show output').isVisible()).toBe(false);
  });

  it('that a full disk holds says so on its page, and as a notice elsewhere', async () => {
    const machine = await create('held', { command: ['sh'] });
    await app.openTab('Settings');
    const tell = (change: Partial<MachineView>): Promise<void> =>
      app.electron.evaluate(
        ({ BrowserWindow }, view) => {
          BrowserWindow.getAllWindows()[0]?.webContents.send('machine:changed', view);
        },
        { ...machine, ...change },
      );
    await tell({ state: 'running' });
    await tell({ state: 'paused', activity: 'disk-error' });
    const notices = app.page.getByRole('region', { name: 'Notifications' });
    await notices.getByText('is paused').waitFor();
    await notices.getByRole('button', { name: 'Show' }).click();
    const card = app.page.getByRole('alert').filter({ hasText: 'free some space there' });
    await card.getByRole('button', { name: 'Resume' }).waitFor();
    await notices.getByText('is paused').waitFor({ state: 'hidden' });
    await tell({ state: 'running' });
    await card.waitFor({ state: 'hidden' });
  });

  it('is warned of ports without a network before its image is here, and refuses users that cannot be', async () => {
    const dialog = await app.openNewMachine();
    const field = (label: string): Locator => dialog.getByLabel(label, { exact: true });
    await field('Container image').fill('oci:/not/here/yet');
    await button(dialog, 'Add port').click();
    await field('Host port 1').fill('18081');
    await field('Guest port 1').fill('80');
    await dialog.getByText(/the forwarded ports have no effect/).waitFor();
    await button(dialog, 'Use host ports only').click();
    await dialog.getByText(/the forwarded ports have no effect/).waitFor({ state: 'hidden' });
    await field('User').fill('a:b:c');
    await dialog.getByText(/Write a user as in/).waitFor();
    await field('User').fill('-1');
    await dialog.getByText(/Write a user as in/).waitFor();
    expect(await dialog.getByText(/is not on this computer/).isVisible()).toBe(false);
    await button(dialog, 'Cancel').click();
  });

  it('runs the very image whose row was chosen, and images of one name are told apart', async () => {
    await app.page.getByRole('navigation', { name: 'Library' }).getByText('Images').click();
    const table = app.page.getByRole('table', { name: 'Images' });
    await importImage('moving', 'third');
    await table.getByText('what the name means now').waitFor();
    await table.getByText('what the name meant before').waitFor();
  });
});
