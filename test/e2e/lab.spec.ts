/** A person's way through the boot lab, on the real QEMU: compare, pause, go on, read, export. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NanduApp } from '../support/app.ts';

let app: NanduApp;
beforeAll(async () => {
  app = await NanduApp.start();
});
afterAll(async () => {
  await app.close();
  expect(app.pageErrors).toEqual([]);
});

const dialog = (): Locator => app.page.getByRole('dialog', { name: 'New experiment' });
const status = (state: string): Locator =>
  app.page.getByRole('status').filter({ hasText: new RegExp(`^\\s*${state}\\s*$`) });

/** The name of what has the focus. */
const focused = (): Promise<string | undefined> =>
  app.page.evaluate(() => document.activeElement?.textContent.trim());

const resize = (width: number, height: number): Promise<void> =>
  app.electron.evaluate(
    ({ BrowserWindow }, [w, h]) => BrowserWindow.getAllWindows()[0]?.setContentSize(w, h),
    [width, height] as const,
  );

/** What axe complains about, in both themes. */
async function complaints(): Promise<string[]> {
  const found: string[] = [];
  for (const theme of ['light', 'dark'] as const) {
    await app.chooseTheme(theme);
    await app.page.waitForTimeout(300); // fades would count as poor contrast
    await app.atRest();
    // Its newer way opens a page of its own, which Electron does not do.
    const { violations } = await new AxeBuilder({ page: app.page }).setLegacyMode(true).analyze();
    found.push(
      ...violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`),
    );
  }
  return found;
}

it('starts from a machine, and says what is wrong before anything is booted', async () => {
  await app.createMachine({ Name: 'web-sandbox' });
  await app.button('More').click();
  await app.page.getByRole('menuitem', { name: 'Compare ways to boot…' }).click();
  expect(await dialog().getByLabel('Name', { exact: true }).inputValue()).toBe(
    'Ways to boot web-sandbox',
  );
  await dialog().getByRole('checkbox', { name: 'As it is' }).waitFor();
  for (const box of await dialog().getByRole('checkbox').all()) {
    const name = await box.evaluate((input: HTMLInputElement) =>
      input.labels?.[0]?.textContent.trim(),
    );
    if (name !== 'As it is' && (await box.isChecked())) await box.uncheck();
  }
  const asItIs = dialog().getByRole('checkbox', { name: 'As it is' });
  await asItIs.uncheck();
  const { width, height } = await app.page.evaluate(() => ({
    ...{ width: innerWidth, height: innerHeight },
  }));
  await resize(900, 600);
  await dialog().getByRole('button', { name: 'Start' }).click();
  const message = dialog().getByText('Choose at least one variant.');
  await message.waitFor();
  // In view in a small window, with the first box to tick.
  await expect
    .poll(() =>
      message.evaluate((element) => {
        const { left, top } = element.getBoundingClientRect();
        return document.elementFromPoint(left + 4, top + 4) === element;
      }),
    )
    .toBe(true);
  expect(await asItIs.evaluate((input) => input === document.activeElement)).toBe(true);
  await resize(width, height);
  await asItIs.check();
  const rounds = dialog().getByLabel('Rounds', { exact: true });
  await rounds.fill('none');
  await dialog().getByRole('button', { name: 'Start' }).click();
  await dialog().getByText('Use a whole number.').waitFor();
  expect(await rounds.evaluate((input) => input === document.activeElement)).toBe(true);
  expect(await app.invoke('lab:list', undefined)).toEqual([]);
});

it('boots in turns, pauses and goes on, while its results fill in', async () => {
  await dialog().getByLabel('Rounds', { exact: true }).fill('2');
  await dialog().getByLabel('Warm-up rounds').fill('0');
  await dialog().getByRole('checkbox', { name: 'Quiet kernel' }).check();
  await dialog().getByRole('radio', { name: 'Reference: Quiet kernel' }).check();
  await dialog().getByText('4 boots, about').waitFor();
  await dialog().getByLabel('Warm-up rounds').press('Enter');

  await app.page.getByRole('heading', { name: 'Ways to boot web-sandbox', level: 1 }).waitFor();
  await expect.poll(focused).toBe('Ways to boot web-sandbox');
  await status('Running').waitFor();
  await app.page.getByText(/^Round 1 of 2 · /).waitFor();
  await app.page.getByText('1 of 4 boots').waitFor();
  await app.button('Pause').click();
  await status('Paused').waitFor();
  await expect.poll(focused).toBe('Resume');
  const [paused] = await app.invoke('lab:list', undefined);
  expect(paused).toMatchObject({ state: 'paused', booting: null, total: 4 });
  await app.page.reload();
  // What was opened is opened still.
  await app.button('Resume').click();
  await status('Finished').waitFor();
});

it('shows every boot, the figures and the commands, and says that two rounds are too few', async () => {
  const rows = app.page
    .getByRole('table', { name: 'Figures of each variant' })
    .locator('tbody')
    .getByRole('row');
  expect(await rows.count()).toBe(2);
  expect(await rows.nth(0).innerText()).toMatch(/^Quiet kernel\s+2\s+0\s.+reference/s);
  expect(await rows.nth(1).innerText()).toMatch(/^As it is\s+2\s+0\s.+too few/s);
  await app.page.getByText('Differences are told from 6 rounds on').waitFor();

  const plot = app.page.getByRole('listbox', { name: 'Boots of each variant' });
  expect(await plot.getByRole('option').count()).toBe(4);
  await plot.focus();
  await app.page.keyboard.press('ArrowRight');
  await app.page.keyboard.press('ArrowDown');
  const chosen = await plot.getByRole('option', { selected: true }).getAttribute('aria-label');
  expect(chosen).toMatch(/^As it is, round [12]: [\d.]+ m?s/);
  expect(await app.page.getByRole('figure', { name: 'Every boot' }).innerText()).toContain(chosen);

  await app.page.getByText('Quiet kernel QEMU').click();
  expect(await app.page.locator('pre').first().innerText()).toMatch(/-machine microvm.* quiet/s);
});

it('passes axe in both themes: an experiment, the list, the dialog', async () => {
  expect(await complaints()).toEqual([]);
  await app.button('All experiments').click();
  expect(await complaints()).toEqual([]);
  await app.button('New experiment…').click();
  await dialog().waitFor();
  expect(await complaints()).toEqual([]);
  await app.page.keyboard.press('Escape');
  await app.page.getByRole('button', { name: 'Ways to boot web-sandbox', exact: true }).click();
});

it('exports the report and the data', async () => {
  for (const [choice, format] of [
    ['Export HTML report…', 'html'],
    ['Export JSON data…', 'json'],
  ] as const) {
    const path = join(app.dataDirectory, `out.${format}`);
    await app.electron.evaluate(({ dialog: desktop }, filePath) => {
      desktop.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
    }, path);
    await app.button('More of Ways to boot web-sandbox').click();
    await app.page.getByRole('menuitem', { name: choice }).click();
    await app.page.getByText(path).waitFor();
    const text = readFileSync(path, 'utf8');
    if (format === 'html') expect(text).toContain('<h2>Against “Quiet kernel”</h2>');
    else expect(JSON.parse(text)).toMatchObject({ state: 'finished', plan: { rounds: 2 } });
  }
});

it('is run again, called off, and deleted, and the focus is never lost', async () => {
  await app.button('Run again').click();
  await status('Running').waitFor();
  const again = 'Ways to boot web-sandbox (2)';
  const [machine] = await app.machines();
  const id = machine?.id ?? expect.unreachable();
  await app.invoke('machine:start', { id });
  await app.page
    .getByRole('region', { name: 'Notifications' })
    .getByText(`“web-sandbox” takes time from its boots.`)
    .waitFor();
  await app.invoke('machine:force-stop', { id });
  await app.button('All experiments').click();
  await app.button(`Pause ${again}`).click();
  await app.button(`Resume ${again}`).waitFor();
  await expect.poll(focused).toBe('Resume');
  await app.button(again).click();
  await app.button('Cancel').click();
  await app.page.getByRole('alertdialog').getByRole('button', { name: 'End it here' }).click();
  await status('Cancelled').waitFor();
  await expect.poll(focused).toBe(again);
  await app.button('All experiments').click();
  const list = app.page.getByRole('list', { name: 'Experiments' });
  expect(await list.getByRole('listitem').count()).toBe(2);
  for (const [left, name] of [
    [1, again],
    [0, 'Ways to boot web-sandbox'],
  ] as const) {
    await app.button(`More of ${name}`).click();
    await app.page.getByRole('menuitem', { name: 'Delete…' }).click();
    await app.page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await app.page.getByRole('alertdialog').waitFor({ state: 'hidden' });
    await expect.poll(() => list.getByRole('listitem').count()).toBe(left);
  }
  await expect.poll(focused).toBe('New experiment…');
});
