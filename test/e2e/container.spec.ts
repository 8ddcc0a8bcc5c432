/** A container image as a microVM, through the window: fetched, run, entered, ended, run once, removed. */
import { rmSync } from 'node:fs';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NanduApp } from '../support/app.ts';
import { temporaryDirectory } from '../support/folders.ts';
import { smallImage } from '../support/small-image.ts';

let app: NanduApp;
let source: string;
const folder = temporaryDirectory();

beforeAll(async () => {
  source = smallImage(folder, 'plain', { Cmd: ['sh'], Env: ['PATH=/bin', 'GREETING=hello'] });
  app = await NanduApp.start();
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
  expect(app.pageErrors).toEqual([]);
});

const field = (dialog: Locator, label: string): Locator =>
  dialog.getByLabel(label, { exact: true });
const button = (dialog: Locator, name: string): Locator =>
  dialog.getByRole('button', { name, exact: true });

/** Opens the dialog with the image and a script as its command. */
async function newContainer(script: string): Promise<Locator> {
  const dialog = await app.openNewMachine();
  await field(dialog, 'Container image').fill(source);
  await field(dialog, 'Command').fill(`sh -c '${script}'`);
  return dialog;
}

describe('a container in the window', () => {
  it('is fetched and run by one button, which leads to its console', async () => {
    const dialog = await newContainer('echo "<$GREETING $EXTRA $TOKEN>"; read line; exit 7');
    expect(await field(dialog, 'Name').inputValue()).toBe('plain');
    expect(await field(dialog, 'Memory (MiB)').inputValue()).toBe('512');
    await button(dialog, 'Add variable').click();
    await field(dialog, 'Variable 1').fill('EXTRA');
    await field(dialog, 'Value of variable 1').fill('two words');
    await button(dialog, 'Add variable').click();
    await field(dialog, 'Variable 2').fill('TOKEN');
    await field(dialog, 'Value of variable 2').fill('secret-value');
    await button(dialog, 'Make variable 2 secret').click();
    await button(dialog, 'Run').click();
    await dialog.waitFor({ state: 'hidden', timeout: 60_000 });
    await app.page.getByRole('heading', { name: 'plain', level: 1 }).waitFor();
    await app.waitForConsole('<hello two words secret-value>');
    const [machine] = await app.machines();
    expect(JSON.stringify(machine)).not.toContain('secret-value');
    expect(machine?.spec.container?.secrets).toEqual(['TOKEN']);
  });

  it('is entered by a shell that outlives the tab it is on, and ends with its own words', async () => {
    await expect.poll(() => app.button('Open a shell').getAttribute('aria-disabled')).toBeNull();
    await app.button('Open a shell').click();
    const shell = app.page.getByRole('region', { name: 'Shell 1' });
    await shell.waitFor();
    await app.waitForConsole('#', 20_000);
    await app.page.keyboard.type('echo in-$((6*7))\n');
    await app.waitForConsole('in-42', 20_000);
    await app.openTab('Overview');
    await app.openTab('Console');
    await app.waitForConsole('in-42', 20_000);
    await shell.locator('textarea').focus();
    await app.page.keyboard.type('exit 3\n');
    await shell.getByText('Ended with exit code 3').waitFor({ timeout: 20_000 });
    await button(shell, 'Close').click();
    await app.page.getByRole('region', { name: 'Serial console' }).waitFor();
  });

  it('ends with its command, and says with which exit code', async () => {
    await app.waitForConsole('<hello');
    await app.type('\n');
    await app.waitForState('Stopped');
    await app.page
      .getByRole('region', { name: 'Notifications' })
      .getByText(/code 7/)
      .waitFor();
    await app.openTab('Overview');
    await app.page.getByRole('table', { name: 'Last runs' }).getByText('Exit 7').waitFor();
    await app.page.getByText('Exit 7: it ended with an error').waitFor();
  });

  it('leaves nothing when it was to run once', async () => {
    const dialog = await newContainer('echo once');
    await dialog
      .getByRole('radiogroup', { name: 'Run once' })
      .getByText('On', { exact: true })
      .click();
    await button(dialog, 'Run').click();
    await dialog.waitFor({ state: 'hidden' });
    await expect
      .poll(async () => (await app.machines()).map(({ spec }) => spec.name), { timeout: 60_000 })
      .toEqual(['plain']);
    await app.page.getByText(/nothing of it remains/).waitFor();
  });

  it('keeps its image from being removed, until it is gone itself', async () => {
    await app.page.getByRole('navigation', { name: 'Library' }).getByRole('button').click();
    const images = app.page.getByRole('table', { name: 'Images' });
    await images.waitFor();
    const remove = images.getByRole('button', { name: /^Remove/ });
    expect(await remove.getAttribute('aria-disabled')).toBe('true');
    await images.getByRole('button', { name: 'plain', exact: true }).click();
    await app.button('Delete').click();
    await app.page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await expect.poll(() => app.machines()).toEqual([]);
    await app.page.getByRole('navigation', { name: 'Library' }).getByRole('button').click();
    await expect.poll(() => remove.getAttribute('aria-disabled')).toBeNull();
    await remove.click();
    await app.page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await app.page.getByText('No images yet').waitFor();
  });

  it('says at the field when there is no such image, and keeps what was typed', async () => {
    const dialog = await newContainer('true');
    await field(dialog, 'Container image').fill('oci:/nowhere/at/all');
    await button(dialog, 'Run').click();
    await expect
      .poll(() => field(dialog, 'Container image').getAttribute('aria-invalid'), {
        timeout: 20_000,
      })
      .toBe('true');
    expect(await field(dialog, 'Command').inputValue()).toContain('true');
    await button(dialog, 'Cancel').click();
  });
});
