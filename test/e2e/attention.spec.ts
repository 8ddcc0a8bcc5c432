/** What asks for attention neither stands in the way nor gets lost: notices, unsaved settings, the focus. */
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fakeQemuEnvironment, fakeQemuPath } from '../fakes/fake-qemu.ts';
import { NanduApp } from '../support/app.ts';

let app: NanduApp;
beforeAll(async () => {
  const stderr = 'qemu-system-x86_64: not today\n';
  const env = {
    NANDU_QEMU: fakeQemuPath,
    ...fakeQemuEnvironment({ dieAt: 'start', exitCode: 1, stderr }),
  };
  app = await NanduApp.start({ env });
  await app.createMachine({ Name: 'first' });
  await app.createMachine({ Name: 'second' });
});
afterAll(async () => {
  await app.close();
  expect(app.pageErrors).toEqual([]);
});

const notices = () => app.page.getByRole('region', { name: 'Notifications' });
const question = () => app.page.getByRole('alertdialog');
const memory = () => app.page.getByLabel('Memory (MiB)', { exact: true }).first();
const runs = async (name: string) =>
  (await app.machines()).find(({ spec }) => spec.name === name)?.run?.number ?? 0;

/** Whether a click in the middle of a button would reach it. */
async function isCovered(name: string): Promise<boolean> {
  return app.button(name).evaluate((button) => {
    const { x, y, width, height } = button.getBoundingClientRect();
    const hit = document.elementFromPoint(x + width / 2, y + height / 2);
    return !button.contains(hit);
  });
}

describe('a notice', () => {
  it('is not shown beside the card that says the same', async () => {
    await app.button('Start').first().click();
    await app.page.getByRole('region', { name: 'Problem' }).getByText('Did not start.').waitFor();
    expect(await notices().innerText()).toBe('');
  });

  it('covers neither the bar of unsaved changes nor a dialog', async () => {
    await app.openTab('Settings');
    await app.button('Start').first().click();
    await notices().getByText('did not start').waitFor();
    await memory().fill('300');
    await app.button('Save').waitFor();
    await app.atRest();
    expect([await isCovered('Save'), await isCovered('Discard')]).toEqual([false, false]);
    await app.button('Discard').click();
    await app.openNewMachine();
    await app.atRest();
    const above = await notices().evaluate((list) => {
      const { right, bottom } = list.getBoundingClientRect();
      return document.elementFromPoint(right - 20, bottom - 20)?.className ?? '';
    });
    expect(above).toContain('dialog-overlay');
    await app.page.keyboard.press('Escape');
  });

  it('leaves a console’s last lines in view', async () => {
    await app.openTab('Console');
    await app.button('Start').first().click();
    await notices().getByText('did not start').waitFor();
    await app.atRest();
    const { y, height } = (await notices().boundingBox()) ?? { y: 0, height: 0 };
    const page = await app.page.getByRole('main').boundingBox();
    expect(y + height).toBeLessThan((page?.height ?? 0) * 0.8);
    await notices().getByRole('button', { name: 'Dismiss' }).click();
    await app.openTab('Settings');
  });

  it('goes by itself, but not while the pointer is on it', async () => {
    await app.button('Start').first().click();
    await notices().getByText('did not start').hover();
    await app.page.waitForTimeout(11_000);
    await notices().getByText('did not start').waitFor();
    await app.page.mouse.move(400, 300);
    await notices().getByText('did not start').waitFor({ state: 'hidden', timeout: 12_000 });
  });

  it('about an import goes when another one is tried', async () => {
    const broken = join(app.dataDirectory, 'broken.yaml');
    writeFileSync(broken, 'no: machine\n');
    await app.electron.evaluate(({ dialog }, path) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [path] });
    }, broken);
    await app.page.getByRole('button', { name: /Import/ }).click();
    await notices().getByText('Nothing imported').waitFor();
    await app.electron.evaluate(({ dialog }) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: true, filePaths: [] });
    });
    await app.page.getByRole('button', { name: /Import/ }).click();
    await notices().getByText('Nothing imported').waitFor({ state: 'hidden', timeout: 2_000 });
  });
});

describe('settings that are not saved', () => {
  it('are marked on their tab, and a start asks what shall become of them', async () => {
    const before = await runs('second');
    await memory().fill('320');
    await app.openTab('Overview');
    await app.page.getByRole('tab', { name: 'Settings (unsaved changes)' }).waitFor();
    await app.button('Start').first().click();
    await question()
      .getByText(/Memory \(MiB\)/)
      .waitFor();
    await question().getByRole('button', { name: 'Cancel' }).click();
    expect(await runs('second')).toBe(before);

    await app.button('Start').first().click();
    await app.button('Start without them').click();
    await expect.poll(() => runs('second')).toBe(before + 1);
    await app.page.getByRole('tab', { name: 'Settings (unsaved changes)' }).waitFor();

    await app.button('Start').first().click();
    await app.button('Save and start').click();
    await expect.poll(() => runs('second')).toBe(before + 2);
    expect((await app.machines()).map(({ spec }) => spec.memoryMiB).sort()).toEqual([256, 320]);
    await app.page.getByRole('tab', { name: 'Settings', exact: true }).waitFor();
  });

  it('outlive the page, as they outlive the app', async () => {
    await app.openTab('Settings');
    await memory().fill('333');
    await app.page.getByRole('tab', { name: 'Settings (unsaved changes)' }).waitFor();
    await app.page.reload();
    await app.page.getByRole('tab', { name: 'Settings (unsaved changes)' }).waitFor();
    await app.openTab('Settings');
    await expect.poll(() => memory().inputValue()).toBe('333');
    await app.button('Discard').click();
    await app.page.getByRole('tab', { name: 'Settings', exact: true }).waitFor();
    await app.page.reload();
    await app.page.getByRole('tab', { name: 'Settings', exact: true }).waitFor();
  });

  it('that cannot be saved lead back to their fields', async () => {
    await app.openTab('Settings');
    await memory().fill('1');
    await app.openTab('Overview');
    await app.button('Start').first().click();
    await question()
      .getByText(/1 field is not right yet/)
      .waitFor();
    await app.button('Show settings').click();
    expect(await memory().inputValue()).toBe('1');
    await expect
      .poll(() => memory().evaluate((field) => field === document.activeElement))
      .toBe(true);
    // Also when that tab is open already.
    await app.page.getByRole('tab', { name: /^Settings/ }).focus();
    await app.button('Start').first().click();
    await app.button('Show settings').click();
    await expect
      .poll(() => memory().evaluate((field) => field === document.activeElement))
      .toBe(true);
    await app.button('Discard').click();
    await app.openTab('Overview');
  });
});

describe('the sidebar', () => {
  it('finds machines by their state', async () => {
    const rows = app.page.getByRole('list', { name: 'Machines' }).getByRole('listitem');
    const search = app.page.getByLabel('Search machines');
    await search.fill('state:stopped');
    expect(await rows.count()).toBe(2);
    await search.fill('running');
    await app.button('Clear search').waitFor();
    await app.button('Clear search').click();
  });

  it('takes the focus after a deletion, and the button for a new machine takes it from an empty list', async () => {
    const remove = async (): Promise<void> => {
      await app.button('Delete').click();
      await question()
        .getByRole('button', { name: /^Delete/ })
        .click();
      await question().waitFor({ state: 'hidden' });
    };
    const focused = () => app.page.evaluate(() => document.activeElement?.textContent?.trim());
    await remove();
    await expect.poll(focused).toMatch(/^first/);
    await remove();
    await expect.poll(focused).toBe('New machine');
  });
});
