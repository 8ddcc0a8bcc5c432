/** The tab Boot in the real window, on boots of the real QEMU: seen, compared, noted and saved. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { phaseInfo, type Run } from '../../src/shared/index.ts';
import { NanduApp } from '../support/app.ts';

let app: NanduApp;
beforeAll(async () => {
  app = await NanduApp.start({ size: { width: 1280, height: 900 } });
  await app.createMachine({ Name: 'other' });
  await boot('other');
  await app.createMachine({ Name: 'measured' });
  await boot('measured');
  await boot('measured');
  const machine = (await app.machines()).find(({ spec }) => spec.name === 'measured');
  if (machine === undefined) throw new Error('the machine is gone');
  await app.invoke('machine:update', {
    ...{ id: machine.id, spec: { ...machine.spec, memoryMiB: 320, quietKernel: true } },
  });
  await boot('measured');
  await app.openTab('Boot');
});
afterAll(async () => {
  await app.close();
  expect(app.pageErrors).toEqual([]);
});

/** Boots the chosen machine once, and stops it. */
async function boot(name: string): Promise<void> {
  await app.button('Start').first().click();
  await app.waitForReady(name);
  await app.button('Force stop').click();
  await app.waitForState('Stopped');
}

/** Newest first. */
async function runs(name = 'measured'): Promise<Run[]> {
  const machine = (await app.machines()).find(({ spec }) => spec.name === name);
  return machine ? app.invoke('run:list', { machineId: machine.id, limit: 100 }) : [];
}

const figure = (name: string): Locator => app.page.getByRole('figure', { name });
const fit = (): Locator => figure('Boot timeline').getByRole('button', { name: 'Fit' });
/** The row that has the focus, by its label. */
const focused = (): Promise<string | null> =>
  app.page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? null);

describe('the timeline of a boot', () => {
  it('has the phases that were seen as rows, and the same as a table with sources', async () => {
    const [run] = await runs();
    const titles = run?.boot?.phases.map(({ name }) => phaseInfo[name].title) ?? [];
    expect(titles).toContain('Kernel');
    const rows = await figure('Boot timeline').getByRole('treeitem').all();
    const labels = await Promise.all(rows.map((row) => row.getAttribute('aria-label')));
    expect(labels.map((label) => label?.split(':')[0])).toEqual(titles);
    const table = app.page.getByRole('table', { name: 'Boot phases' });
    const heads = await table.getByRole('columnheader').allInnerTexts();
    expect(heads).toEqual(['Phase', 'Start', 'Duration', 'Share', 'Source']);
    const names = await table.locator('tbody th').allInnerTexts();
    expect(names.map((name) => name.trim())).toEqual(expect.arrayContaining(titles));
    await table.getByText('QEMU’s trace, ±1 µs').first().waitFor();
    await app.page.getByText(/QEMU translated the guest’s instructions/).waitFor();
  });

  it('is walked, zoomed, panned and put back from the keyboard', async () => {
    const first = figure('Boot timeline').getByRole('treeitem').first();
    await first.focus();
    expect(await focused()).toMatch(/^Process start: .* ms .*Linux loads QEMU/);
    await app.page.keyboard.press('ArrowDown');
    expect(await focused()).toMatch(/^Monitor: /);
    await app.page.keyboard.press('End');
    expect(await focused()).toMatch(/^User space: /);
    expect(await fit().getAttribute('aria-disabled')).toBe('true');
    await app.page.keyboard.press('Enter');
    expect(await fit().getAttribute('aria-disabled')).toBeNull();
    // With its places: a small step moves the ticks and need not change their words.
    const before = await figure('Boot timeline').locator('.axis').innerHTML();
    await app.page.keyboard.press('ArrowLeft');
    expect(await figure('Boot timeline').locator('.axis').innerHTML()).not.toBe(before);
    await app.page.keyboard.press('Escape');
    expect(await fit().getAttribute('aria-disabled')).toBe('true');
    await app.page.keyboard.press('+');
    await fit().click();
    expect(await fit().getAttribute('aria-disabled')).toBe('true');
    await figure('Boot timeline').getByText('Ends with', { exact: false }).waitFor();
  });

  it('zooms to a phase that is clicked, and drags without choosing another', async () => {
    const kernel = figure('Boot timeline').getByRole('treeitem', { name: /^Kernel:/ });
    await kernel.locator('.bar').click();
    expect(await fit().getAttribute('aria-disabled')).toBeNull();
    const axis = figure('Boot timeline').locator('.axis');
    const before = await axis.innerHTML();
    const box = await kernel.boundingBox();
    if (box === null) throw new Error('the row is not drawn');
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await app.page.mouse.move(x, y);
    await app.page.mouse.down();
    await app.page.mouse.move(x + 60, y, { steps: 6 });
    await app.page.mouse.up();
    await app.page.mouse.move(0, 0);
    expect(await axis.innerHTML()).not.toBe(before);
    await fit().click();
  });

  it('is saved as JSON, CSV and a Chrome trace', async () => {
    for (const [item, ending] of [
      [/^JSON/, 'json'],
      [/^CSV/, 'csv'],
      [/^Chrome trace/, 'trace.json'],
    ] as const) {
      const path = join(app.dataDirectory, `saved.${ending}`);
      await app.electron.evaluate(({ dialog }, filePath) => {
        dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
      }, path);
      await app.button('Export').click();
      await app.page.getByRole('menuitem', { name: item }).click();
      await app.page.getByText(path).first().waitFor();
      await expect.poll(() => existsSync(path)).toBe(true);
      expect(readFileSync(path, 'utf8')).toContain('kernel');
    }
  });

  it('offers to record more, and says what that costs', async () => {
    await app.button('Record details…').click();
    const dialog = app.page.getByRole('dialog', { name: 'Record details' });
    await dialog.getByText('It costs time:').waitFor();
    await dialog.getByRole('button', { name: 'Record at the next start' }).click();
    await dialog.waitFor({ state: 'hidden' });
    const recorded = async (): Promise<boolean | undefined> =>
      (await app.machines()).find(({ spec }) => spec.name === 'measured')?.spec.bootDetail;
    expect(await recorded()).toBe(true);
    await app.button('Details are recorded').click();
    await app.button('Stop recording').click();
    await expect.poll(recorded).toBe(false);
  });
});

describe('the history of boots', () => {
  it('is gone through from the keyboard', async () => {
    const slider = figure('Boot history').getByRole('slider', { name: 'Run' });
    await slider.focus();
    expect(await slider.getAttribute('aria-valuetext')).toMatch(/^run 3 · .*emulated/);
    await app.page.keyboard.press('ArrowLeft');
    expect(await slider.getAttribute('aria-valuetext')).toMatch(/^run 2 · /);
    await figure('Boot timeline')
      .getByText(/^run 2 · /)
      .waitFor();
    await app.page.keyboard.press('End');
    await figure('Boot timeline')
      .getByText(/^run 3 · /)
      .waitFor();
  });

  it('offers no zoom that does nothing, where all its runs are the fewest that are shown', async () => {
    const zoom = figure('Boot history').getByRole('button', { name: 'Zoom in' });
    expect(await zoom.getAttribute('aria-disabled')).toBe('true');
  });

  it('keeps a note over a reload; Escape takes one back', async () => {
    await app.button('Add note').click();
    await app.page.getByLabel('Note', { exact: true }).fill('never kept');
    await app.page.keyboard.press('Escape');
    expect((await runs())[0]?.note).toBe('');
    await app.button('Add note').click();
    await app.page.getByLabel('Note', { exact: true }).fill('with 320 MiB');
    await app.page.keyboard.press('Enter');
    await expect.poll(async () => (await runs())[0]?.note).toBe('with 320 MiB');
    await app.page.reload();
    await app.page.getByText('with 320 MiB', { exact: true }).waitFor();
    await app.button('Edit note').waitFor();
  });

  it('has one baseline, which others are held against', async () => {
    const star = app.button('Baseline');
    const pinned = async (): Promise<number[]> =>
      (await runs()).filter(({ baseline }) => baseline).map(({ number }) => number);
    await star.click();
    await expect.poll(pinned).toEqual([3]);
    await app.button('Earlier run').click();
    await star.click();
    await expect.poll(pinned).toEqual([2]);
    expect(await star.getAttribute('aria-pressed')).toBe('true');
    await app.button('Later run').click();
    await app.page.getByText(/against the baseline \(run 2\)/).waitFor();
  });
});

/** Whether a cell tells this time, as exactly as its digits promise. */
function expectShown(cell: string, wantedMs: number): void {
  const [, sign = '', digits = '', unit = ''] = /^([−+±]?)([\d.]+) (ms|s)$/.exec(cell) ?? [];
  const unitMs = unit === 's' ? 1000 : 1;
  const shownMs = Number(digits) * unitMs * (sign === '−' ? -1 : 1);
  const stepMs = unitMs / 10 ** (digits.split('.')[1]?.length ?? 0);
  expect(Math.abs(shownMs - wantedMs), `${cell} for ${wantedMs} ms`).toBeLessThan(stepMs);
}

describe('a comparison', () => {
  it('puts two boots on one scale, phase by phase, with what changed between them', async () => {
    await app.button('Compare with…').click();
    await app.page.getByRole('menuitem', { name: /^Baseline/ }).click();
    const shown = figure('Boot comparison');
    await shown.getByRole('tree', { name: 'Phases of Run 2' }).waitFor();
    await shown.getByRole('tree', { name: 'Phases of Run 3' }).waitFor();
    const table = shown.getByRole('table', { name: 'Differences by phase' });
    const [third, second] = await runs();
    const totals = [second, third].map((run) => run?.boot?.totalMs ?? Number.NaN);
    const cells = await table.locator('tfoot td').allInnerTexts();
    const [before = 0, after = 0] = totals;
    for (const [index, wanted] of [before, after, after - before].entries()) {
      expectShown(cells[index] ?? '', wanted);
    }
    await shown.getByText('Memory (MiB)').waitFor();
    await shown.getByText('256').first().waitFor();
    await shown.getByText('Quiet kernel').waitFor();
  });

  it('reaches any other run, also of other machines', async () => {
    const shown = figure('Boot comparison');
    const select = shown.getByLabel('Compared with');
    const first = (await runs()).find(({ number }) => number === 1);
    await select.selectOption(first?.id ?? '');
    await shown.getByRole('tree', { name: 'Phases of Run 1' }).waitFor();
    const all = app.page.getByRole('table', { name: 'Boots of all machines' });
    expect(await all.locator('tbody tr').count()).toBe(2);
    await all.getByRole('button', { name: 'Compare with other' }).click();
    await shown.getByRole('tree', { name: 'Phases of other, run 1' }).waitFor();
    await app.button('End comparison').click();
    await figure('Boot timeline').waitFor();
  });

  it('passes axe in both themes, as the timeline does', async () => {
    for (const compared of [false, true]) {
      if (compared) {
        await app.button('Compare with…').click();
        await app.page.getByRole('menuitem', { name: /^Baseline/ }).click();
        await figure('Boot comparison').waitFor();
      }
      for (const theme of ['light', 'dark'] as const) {
        await app.chooseTheme(theme);
        await app.atRest();
        await app.page.waitForTimeout(300); // fades would count as poor contrast
        const { violations } = await new AxeBuilder({ page: app.page })
          .setLegacyMode(true)
          .analyze();
        expect(
          violations.map(
            ({ id, nodes }) => `${theme} ${id}: ${nodes.map(({ html }) => html).join(' | ')}`,
          ),
        ).toEqual([]);
      }
    }
  });
});
