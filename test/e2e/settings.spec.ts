/** Everything about a machine can be seen and changed in the window, on the real QEMU. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NanduApp, type TabTitle } from '../support/app.ts';

let app: NanduApp;
beforeAll(async () => {
  app = await NanduApp.start();
  await app.createMachine({ Name: 'edited' });
});
afterAll(async () => {
  await app.close();
  expect(app.pageErrors).toEqual([]);
});

const main = () => app.page.getByRole('main');

describe('the settings of a machine', () => {
  it('say what cannot work and mend it with one click', async () => {
    await app.openTab('Settings');
    await app.page.getByLabel('Memory (MiB)', { exact: true }).first().fill('2048');
    await app.button('Use 2047 MiB').first().click();
    await expect
      .poll(() => app.page.getByLabel('Memory (MiB)', { exact: true }).first().inputValue())
      .toBe('2047');
    await app.page.getByLabel('Memory (MiB)', { exact: true }).first().fill('1');
    await main()
      .getByText(/at least 32 MiB/)
      .first()
      .waitFor();
    await app.button('Discard').click();
    await expect
      .poll(() => app.page.getByLabel('Memory (MiB)', { exact: true }).first().inputValue())
      .toBe('256');
  });

  it('take several labels that are pasted at once, and each only once', async () => {
    const labels = app.page.getByLabel('Labels', { exact: true });
    await labels.fill('web,prod,');
    await app.button('Remove label prod').waitFor();
    expect(await labels.inputValue()).toBe('');
    await app.button('Discard').click();
  });

  it('wait for the next start while it runs, and can be taken back', async () => {
    await app.button('Start').first().click();
    await app.waitForReady('edited');
    await app.page.getByLabel('Memory (MiB)', { exact: true }).first().fill('320');
    await app.button('Save').click();
    await expect.poll(async () => (await app.machines())[0]?.pendingChanges).toEqual(['memoryMiB']);
    await main()
      .getByText(/restart/i)
      .first()
      .waitFor();
    await app.openTab('Command');
    await main().getByText('320M').first().waitFor();
    await app.button('Restart').first().click();
    await expect
      .poll(async () => (await app.machines())[0]?.run?.number, { timeout: 20_000 })
      .toBe(2);
    await app.waitForReady('edited');
    expect((await app.machines())[0]).toMatchObject({ pendingChanges: [], canUndo: true });
    await app.openTab('Settings');
    await app.page.getByLabel('vCPUs', { exact: true }).first().fill('2');
    await app.button('Restart').first().click();
    await app.page.getByRole('alertdialog').getByText(/vCPUs/).waitFor();
    await app.button('Save and restart').click();
    await expect
      .poll(async () => (await app.machines())[0]?.run?.number, { timeout: 20_000 })
      .toBe(3);
    await app.waitForReady('edited');
    expect((await app.machines())[0]?.run?.argv.join(' ')).toContain('-smp 2');
    await app.page.getByRole('button', { name: /Undo/ }).first().click();
    await expect.poll(async () => (await app.machines())[0]?.spec.vcpus).toBe(1);
    await app.page.getByLabel('Memory (MiB)', { exact: true }).first().fill('256');
    await app.button('Save').click();
    await expect.poll(async () => (await app.machines())[0]?.spec.memoryMiB).toBe(256);
  });
});

describe('the other tabs', () => {
  it('show the journal and the logs', async () => {
    await app.openTab('Logs');
    await main().getByText('Asked to restart.').first().waitFor();
    await main().getByText('Console log').click();
    await main()
      .getByText(/nandu: ready/)
      .first()
      .waitFor();
  });

  it('export a machine and import it again, through the desktop’s dialogs', async () => {
    const path = join(app.dataDirectory, 'exported.yaml');
    await app.electron.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [filePath] });
    }, path);
    await app.button('More').click();
    await app.page.getByRole('menuitem', { name: /Export/ }).click();
    await app.page
      .getByRole('dialog')
      .getByRole('button', { name: /^Export/ })
      .click();
    await expect.poll(() => existsSync(path)).toBe(true);
    expect(readFileSync(path, 'utf8')).toContain('format');
    await app.page.getByRole('button', { name: /Import/ }).click();
    await expect
      .poll(async () => (await app.machines()).map(({ spec }) => spec.name).sort())
      .toEqual(['edited', 'edited 2']);
    rmSync(path, { force: true });
  });

  it('pass axe in both themes', async () => {
    await app.page
      .getByRole('list', { name: 'Machines' })
      .getByText('edited', { exact: true })
      .click();
    for (const theme of ['light', 'dark'] as const) {
      await app.chooseTheme(theme);
      for (const tab of ['Settings', 'Command', 'Logs'] satisfies TabTitle[]) {
        await app.openTab(tab);
        await app.page.waitForTimeout(300); // fades would count as poor contrast
        const { violations } = await new AxeBuilder({ page: app.page })
          .setLegacyMode(true)
          .analyze();
        const found = violations.map(
          ({ id, nodes }) => `${tab} ${id}: ${nodes.map((node) => node.html).join(' | ')}`,
        );
        expect(found).toEqual([]);
      }
    }
  });
});

describe('the page', () => {
  it('comes back when its process dies, with its machines', async () => {
    const pid = await app.electron.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId(),
    );
    if (pid === undefined) throw new Error('the page has no process');
    process.kill(pid, 'SIGKILL');
    await expect
      .poll(
        () =>
          app.electron.evaluate(async ({ BrowserWindow }) => {
            const contents = BrowserWindow.getAllWindows()[0]?.webContents;
            if (contents === undefined || contents.isCrashed() || contents.isLoading()) return '';
            // A question that goes to the dying page is never answered.
            const late = new Promise<string>((resolve) => setTimeout(() => resolve(''), 500));
            const text = contents.executeJavaScript('document.body.textContent') as Promise<string>;
            return Promise.race([text, late]);
          }),
        { timeout: 20_000 },
      )
      .toContain('edited');
  });
});
