/** A container image as a microVM, through the window: fetched, run, entered, ended, run once, removed. */
import { rmSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
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

/** What axe complains about, in both themes. */
async function complaints(where: string): Promise<string[]> {
  const found: string[] = [];
  for (const theme of ['light', 'dark'] as const) {
    await app.chooseTheme(theme);
    await app.page.waitForTimeout(300); // fades would count as poor contrast
    await app.atRest();
    const { violations } = await new AxeBuilder({ page: app.page }).setLegacyMode(true).analyze();
    found.push(
      ...violations.map(
        ({ id, nodes }) => `${where} ${id}: ${nodes.map((node) => node.html).join(' | ')}`,
      ),
    );
  }
  return found;
}

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
    expect(await complaints('New machine')).toEqual([]);
    await button(dialog, 'Run').click();
    await dialog.waitFor({ state: 'hidden', timeout: 60_000 });
    await app.page.getByRole('heading', { name: 'plain', level: 1 }).waitFor();
    await app.waitForConsole('<hello two words secret-value>');
    const focused = (): Promise<string | undefined> =>
      app.page.evaluate(() => document.activeElement?.className);
    expect(await focused()).toContain('xterm');
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
    expect(await complaints('Shell')).toEqual([]);
    await shell.locator('textarea').focus();
    await app.page.keyboard.type('exit 3\n');
    await shell.getByText('Ended with exit code 3').waitFor({ timeout: 20_000 });
    await button(shell, 'Close').click();
    await app.page.getByRole('region', { name: 'Serial console' }).waitFor();
  });

  it('has other programs run beside its command, which end with their exit codes', async () => {
    await app.button('Run a program…').click();
    const dialog = app.page.getByRole('dialog', { name: 'Run a program' });
    await field(dialog, 'Command line').fill(`sh -c 'echo "ran $GREETING`);
    await button(dialog, 'Run').click();
    await dialog.getByText('A quotation mark is not closed.').waitFor();
    expect(await complaints('Run a program')).toEqual([]);
    await field(dialog, 'Command line').fill(
      `/bin/sh -c 'echo "ran $GREETING"; read line; exit 5'`,
    );
    await button(dialog, 'Run').click();
    const program = app.page.getByRole('region', { name: 'sh', exact: true });
    const ended = program.getByText('Ended with exit code 5');
    await app.waitForConsole('ran hello');
    // It has the keys without a click.
    await app.page.keyboard.press('Enter');
    await ended.waitFor({ timeout: 20_000 });
    await app.page
      .getByRole('group', { name: 'Terminals' })
      .getByRole('button', { name: 'sh exit 5' })
      .waitFor();
    expect(await complaints('A program that ended')).toEqual([]);
    await button(program, 'Run again').click();
    await ended.waitFor({ state: 'hidden' });
    await app.waitForConsole('ran hello');
    await app.page.keyboard.press('Enter');
    await ended.waitFor({ timeout: 20_000 });
    await app.button('Close sh').click();
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
    await app.page.getByRole('region', { name: 'What crosses the boundary' }).waitFor();
    expect(await complaints('Overview')).toEqual([]);
  });

  it('has ports that are added on its page, and settings of its own', async () => {
    await app.button('Add port').click();
    await app.page.getByLabel('Host port', { exact: true }).fill('70000');
    await app.button('Add').click();
    await app.page.getByText('The largest port is 65535.').waitFor();
    await app.page.getByLabel('Address', { exact: true }).selectOption({ label: 'Everyone' });
    await app.page.getByText(/Whoever reaches this computer over its networks/).waitFor();
    await app.page.getByLabel('Address', { exact: true }).selectOption({ label: 'This computer' });
    await app.page.getByLabel('Host port', { exact: true }).fill('18080');
    await app.page.getByLabel('Guest port', { exact: true }).fill('80');
    await app.button('Add').click();
    await app.button('Copy 127.0.0.1:18080').waitFor();
    await app.openTab('Settings');
    const value = app.page.getByLabel('Value of secret 1', { exact: true });
    expect(await value.getAttribute('placeholder')).toContain('Kept');
    await app.page.getByText('It can start like this.').waitFor();
    await app.button('Use host ports only').first().click();
    await app.button('Save').click();
    await expect
      .poll(async () => (await app.machines())[0]?.spec)
      .toMatchObject({ network: 'host-ports', portForwards: [{ hostPort: 18080, guestPort: 80 }] });
    expect(await complaints('Settings')).toEqual([]);
    const kept = async (): Promise<string[]> => {
      const [machine] = await app.machines();
      return machine ? app.invoke('secret:list', { id: machine.id }) : [];
    };
    expect(await kept()).toEqual(['TOKEN']);
    await app.page.getByLabel('Secret 1', { exact: true }).fill('PASSWORD');
    await app.button('Save').click();
    await expect.poll(kept).toEqual([]);
    expect(await value.getAttribute('placeholder')).toBe('No value yet');
  });

  it('leaves its last words when it was to run once, and nothing else', async () => {
    const runOnce = async (script: string): Promise<void> => {
      const dialog = await newContainer(script);
      await dialog
        .getByRole('radiogroup', { name: 'Run once' })
        .getByText('On', { exact: true })
        .click();
      await button(dialog, 'Run').click();
      await dialog.waitFor({ state: 'hidden' });
    };
    const gone = (): Promise<void> =>
      expect
        .poll(async () => (await app.machines()).map(({ spec }) => spec.name), { timeout: 60_000 })
        .toEqual(['plain']);
    await runOnce('echo said-once; exit 3');
    await gone();
    const words = app.page.getByRole('dialog', { name: /ended$/ });
    await words.getByRole('region', { name: 'Last output' }).getByText('said-once').waitFor();
    await words.getByText('Exit 3', { exact: true }).waitFor();
    expect(await complaints('Last words')).toEqual([]);
    await words.getByRole('button', { name: 'Close' }).last().click();
    await words.waitFor({ state: 'hidden' });

    // What is typed elsewhere stays where it is; the guest gives a busy computer time to go there.
    await runOnce('echo go-on; read line; sleep 4; echo said-again');
    await app.waitForConsole('go-on');
    await app.type('\n');
    await app.page.getByRole('searchbox').focus();
    await gone();
    expect(await words.isVisible()).toBe(false);
    await app.button('Show output').click();
    await words.getByText('said-again').waitFor();
    await app.page.keyboard.press('Escape');
    await words.waitFor({ state: 'hidden' });
    expect(await app.page.evaluate(() => document.activeElement?.tagName)).not.toBe('BODY');

    // Who deletes it wants to hear nothing more of it.
    await runOnce('echo go-on; read line; echo said-never');
    await app.waitForConsole('go-on');
    await app.button('Delete').click();
    await app.page
      .getByRole('alertdialog')
      .getByRole('button', { name: 'Stop and delete' })
      .click();
    await gone();
    await app.page.waitForTimeout(300);
    expect(await words.isVisible()).toBe(false);
    expect(await app.button('Show output').isVisible()).toBe(false);
  });

  it('keeps its image from being removed, until it is gone itself', async () => {
    await app.page.getByRole('navigation', { name: 'Library' }).getByText('Images').click();
    const images = app.page.getByRole('table', { name: 'Images' });
    await images.waitFor();
    expect(await complaints('Images')).toEqual([]);
    const remove = images.getByRole('button', { name: /^Remove/ });
    expect(await remove.getAttribute('aria-disabled')).toBe('true');
    await images.getByRole('button', { name: 'plain', exact: true }).click();
    await app.button('Delete').click();
    await app.page.getByText(/the values of its secrets/).waitFor();
    await app.page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await expect.poll(() => app.machines()).toEqual([]);
    await app.page.getByRole('navigation', { name: 'Library' }).getByText('Images').click();
    await expect.poll(() => remove.getAttribute('aria-disabled')).toBeNull();
    await remove.click();
    await app.page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await app.page.getByText('No images yet').waitFor();
    await expect
      .poll(() => app.page.evaluate(() => document.activeElement?.textContent?.trim()))
      .toBe('Pull image…');
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

  it('whose image is fetched in the background is made and started all the same', async () => {
    const large = 'x'.repeat(200 * 1024 * 1024);
    const files = { one: large, two: large, three: large };
    const slow = smallImage(folder, 'slow', { Cmd: ['sh'], Env: ['PATH=/bin'] }, { files });
    const dialog = await app.openNewMachine();
    await field(dialog, 'Container image').fill(slow);
    await button(dialog, 'Run').click();
    await button(dialog, 'Continue in background').click();
    await dialog.waitFor({ state: 'hidden' });
    await expect
      .poll(async () => (await app.machines()).find(({ spec }) => spec.name === 'slow')?.state, {
        timeout: 60_000,
      })
      .toBe('running');
    await app.page.getByText('was started').waitFor();
  });
});
