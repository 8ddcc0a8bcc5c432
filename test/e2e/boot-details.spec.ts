/** What a boot can show beside its phases: the kernel's steps, a deadline, and where boots became slower. */
import { rmSync } from 'node:fs';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultSpec } from '../../src/shared/index.ts';
import { NanduApp } from '../support/app.ts';
import { timelineOf, writeRuns } from '../support/boot-history.ts';
import { temporaryDirectory } from '../support/folders.ts';

let app: NanduApp;
const figure = (name: string): Locator => app.page.getByRole('figure', { name });

describe('a boot of the real QEMU', () => {
  beforeAll(async () => {
    app = await NanduApp.start({ size: { width: 1280, height: 900 } });
    await app.createMachine({ Name: 'watched' });
    await app.openTab('Boot');
  });
  afterAll(async () => {
    await app.close();
    expect(app.pageErrors).toEqual([]);
  });

  it('shows the kernel’s steps below its phase, once they are recorded', async () => {
    await app.openTab('Settings');
    await app.page.getByRole('radiogroup', { name: 'Detailed boot log' }).getByText('On').click();
    await app.button('Save').click();
    await app.openTab('Boot');
    await app.button('Start').first().click();
    await app.waitForReady('watched', 120_000);
    const kernel = figure('Boot timeline').getByRole('treeitem', { name: /^Kernel:/ });
    await expect
      .poll(() => kernel.getAttribute('aria-expanded'), { timeout: 20_000 })
      .toBe('false');
    await app.page.getByText('Detailed log', { exact: true }).waitFor();
    await kernel.focus();
    await app.page.keyboard.press('ArrowRight');
    expect(await kernel.getAttribute('aria-expanded')).toBe('true');
    const calls = figure('Boot timeline').getByRole('treeitem', { name: /^Init functions:/ });
    await calls.focus();
    await app.page.keyboard.press('ArrowRight');
    await figure('Boot timeline')
      .getByRole('treeitem', { name: /\(one of the kernel’s init functions\)/ })
      .first()
      .waitFor();
    await app.page.keyboard.press('ArrowLeft');
    await app.page.keyboard.press('ArrowLeft');
    expect(await kernel.evaluate((row) => row === document.activeElement)).toBe(true);
    await app.button('Show details').or(app.button('Hide details')).click();
    await app.button('Force stop').click();
    await app.waitForState('Stopped');
  });

  it('is kept as far as it got when its sign does not come in time', async () => {
    await app.openTab('Settings');
    await app.page.getByRole('radiogroup', { name: 'Detailed boot log' }).getByText('Off').click();
    await app.page.getByLabel('Ready when').selectOption('port');
    await app.page.getByLabel('Port in the guest').fill('none');
    await app.page.getByText('Give a port from 1 to 65535.').first().waitFor();
    await app.page.getByLabel('Ready when').selectOption('console');
    await app.page.getByLabel('Text on the console').fill('never printed');
    await app.page.getByLabel('Ready within (seconds)').fill('20');
    await app.button('Save').click();
    await app.openTab('Boot');
    await app.button('Start').first().click();
    const wait = /^It waits for the text “never printed” on the console, at most 20 s, until \d\d:/;
    await app.page.getByText(wait).waitFor({ timeout: 60_000 });
    await app.page.getByText('Not ready yet', { exact: true }).waitFor();
    expect(await app.page.getByText(/median|did not say when it was ready/).count()).toBe(0);
    await app.page.getByText('Deadline passed', { exact: true }).waitFor({ timeout: 60_000 });
    await app.page.getByText(/waits for the text “never printed” on the console/).waitFor();
    await app.page
      .getByRole('table', { name: 'Boot phases' })
      // What the guest did in it without being ready is shown where there was any.
      .getByText(/^(not seen|Unfinished)$/)
      .first()
      .waitFor();
    await app.waitForState('Running');
    // A boot that was never ready has no time anywhere, least of all that of its first process.
    await app.page.getByText('Never ready', { exact: true }).waitFor();
    const row = app.page.getByRole('list', { name: 'Machines' }).getByRole('listitem').first();
    expect(await row.locator('.note').innerText()).toBe('not ready');
    await app.openTab('Overview');
    await app.page.getByText('Never ready', { exact: true }).waitFor();
    const last = app.page.getByRole('table', { name: 'Last runs' }).locator('tbody tr').first();
    expect(await last.innerText()).toMatch(/^2\s.*\snot ready\s+Running$/s);
  });
});

describe('boots that became slower', () => {
  const dataDirectory = temporaryDirectory();
  beforeAll(async () => {
    app = await NanduApp.start({ dataDirectory });
    const { id } = await app.invoke('machine:create', { ...defaultSpec, name: 'slower' });
    await app.close();
    const runs = Array.from({ length: 12 }, (_, index) => ({
      spec: { ...defaultSpec, name: 'slower', memoryMiB: index < 7 ? 256 : 1024 },
      startedAtMs: Date.now() - (12 - index) * 60_000,
      baseline: index === 2,
      boot: timelineOf({
        ...{ 'process-start': 60, qmp: 10, firmware: 9, 'kernel-load': 30 },
        ...{ kernel: (index < 7 ? 400 : 600) + (index % 3) * 4, 'user-space': 100 },
      }),
    }));
    writeRuns(dataDirectory, id, runs);
    app = await NanduApp.start({ dataDirectory, size: { width: 1280, height: 900 } });
    await app.openTab('Boot');
  });
  afterAll(async () => {
    await app.close();
    rmSync(dataDirectory, { recursive: true, force: true });
    expect(app.pageErrors).toEqual([]);
  });

  it('are told with the change that came with them, and compared from there', async () => {
    const main = app.page.getByRole('main');
    await main.getByText('Slower since run 8').waitFor();
    const history = figure('Boot history');
    const [zoomIn, zoomAll] = ['Zoom in', 'Fit'].map((name) =>
      history.getByRole('button', { name }),
    ) as [Locator, Locator];
    expect(await zoomIn.getAttribute('aria-disabled')).toBeNull();
    await zoomIn.click();
    expect(await zoomAll.getAttribute('aria-disabled')).toBeNull();
    await zoomIn.click();
    // No fewer than eight of its twelve runs are looked at.
    expect(await zoomIn.getAttribute('aria-disabled')).toBe('true');
    await zoomAll.click();
    await main.getByText('The last 5 boots are slower than the baseline').waitFor();
    await main.getByText('Memory (MiB)').first().waitFor();
    await app.button('Compare run 8 with run 7').click();
    const shown = figure('Boot comparison');
    await shown
      .getByText(/slower$/)
      .first()
      .waitFor();
    await shown.getByText('Memory (MiB)').waitFor();
    await figure('Boot history')
      .getByText(/median 813 ms .* since run 8/)
      .waitFor();
  });
});
