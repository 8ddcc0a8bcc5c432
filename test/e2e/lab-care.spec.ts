/** The boot lab after a crash of the app, with a variant that cannot boot, and what the advisor makes of results. */
import { rmSync } from 'node:fs';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { defaultSpec, type LabPlan, type MachineSpec } from '../../src/shared/index.ts';
import { NanduApp } from '../support/app.ts';
import { temporaryDirectory } from '../support/folders.ts';

const dataDirectory = temporaryDirectory();
let app: NanduApp;
beforeAll(async () => {
  app = await NanduApp.start({ dataDirectory });
});
afterAll(async () => {
  await app.close();
  expect(app.pageErrors).toEqual([]);
  rmSync(dataDirectory, { recursive: true, force: true });
});

const status = (state: string): Locator =>
  app.page.getByRole('status').filter({ hasText: new RegExp(`^\\s*${state}\\s*$`) });

/** Boots on a busy computer take their time. */
const timeoutMs = 300_000;

/** The way to where a crash or a machine's page left the window. */
async function openLab(name: string): Promise<void> {
  await app.page.getByRole('navigation', { name: 'Library' }).getByText('Boot lab').click();
  await app.page.getByRole('button', { name, exact: true }).click();
}

it(
  'offers to go on after a crash, and shows why a variant never boots',
  { timeout: timeoutMs },
  async () => {
    const spec: MachineSpec = { ...defaultSpec, name: 'web', quietKernel: true };
    const broken = { ...spec, commandLine: 'rdinit=/nowhere root=/dev/none' };
    const plan: LabPlan = {
      ...{ name: 'Inits', rounds: 2, warmUps: 1 },
      variants: [
        { name: 'As it is', spec, board: 'microvm' },
        { name: 'No init', spec: broken, board: 'microvm' },
      ],
    };
    const { id } = await app.invoke('lab:start', plan);
    await expect
      .poll(async () => (await app.invoke('lab:list', undefined))[0]?.done, { timeout: 60_000 })
      .toBeGreaterThan(0);
    const before = await app.invoke('lab:get', { id });
    const gone = app.electron.waitForEvent('close');
    app.electron.process().kill('SIGKILL');
    await gone;

    app = await NanduApp.start({ dataDirectory });
    const library = app.page.getByRole('navigation', { name: 'Library' });
    await library.getByRole('button', { name: 'Boot lab , Interrupted' }).waitFor();
    await openLab('Inits');
    await status('Interrupted').waitFor();
    await app.page.getByText(/^Nandu ended while it went on\..*is made anew\.$/).waitFor();
    await app.button('Go on').click();
    await status('Finished').waitFor({ timeout: 200_000 });
    const { results } = await app.invoke('lab:get', { id });
    expect(results).toEqual(expect.arrayContaining(before.results));

    const failures = app.page.getByRole('region', { name: 'Failures of No init' });
    expect(await failures.innerText()).toContain('Given up after 2 failures, 1 in a warm-up');
    expect(await failures.locator('pre').first().innerText()).toContain('Kernel panic');
    const row = app.page.getByRole('row', { name: /^No init/ }).first();
    expect(await row.innerText()).toMatch(/^No init\s+0\s+1\s+–\s+–\s+never ready/);
  },
);

it(
  'advises what was measured of this very machine, applies it at one press, and takes it back',
  { timeout: timeoutMs },
  async () => {
    const { defaultKernel } = await app.invoke('host:status', undefined);
    const kernel = { kind: 'file', path: defaultKernel?.bzImagePath ?? '' } as const;
    const spec: MachineSpec = { ...defaultSpec, name: 'packed', quietKernel: true, kernel };
    const { id } = await app.invoke('machine:create', spec);
    await app.page.getByRole('list', { name: 'Machines' }).getByText('packed').click();
    await app.button('Start').first().click();
    await app.waitForReady('packed');
    await app.button('Stop').click();
    await app.waitForState('Stopped');
    const advisor = app.page.getByRole('region', { name: 'Advisor' });
    await advisor.getByText('Not measured yet').waitFor();
    await advisor.getByText(/ELF kernel/).waitFor();

    const variants: LabPlan['variants'] = [
      { name: 'As it is', spec, board: 'microvm' },
      { name: 'ELF', spec: { ...spec, kernel: { kind: 'default' } }, board: 'microvm' },
    ];
    await app.invoke('lab:start', { name: 'Kernels', rounds: 6, warmUps: 0, variants });
    await advisor.getByText('“Kernels” goes on').waitFor();
    await advisor.getByText(/^\S+ m?s faster, 95 % sure between/).waitFor({ timeout: 240_000 });
    await advisor.getByRole('button', { name: 'Apply ELF kernel' }).click();
    await advisor.getByText('ELF kernel is set').waitFor();
    const focused = (): Promise<string | undefined> =>
      app.page.evaluate(
        () => document.activeElement?.ariaLabel ?? document.activeElement?.textContent.trim(),
      );
    await expect.poll(focused).toBe('Undo');
    await advisor.getByText('It counts from the next start on.').waitFor();
    const kernelOf = async (): Promise<unknown> =>
      (await app.machines()).find((machine) => machine.id === id)?.spec.kernel;
    expect(await kernelOf()).toEqual({ kind: 'default' });
    await app.button('Start').first().click();
    await app.waitForReady('packed');
    await app.button('Stop').click();
    await app.waitForState('Stopped');
    await app.openTab('Overview');
    await advisor.getByText('The last start was made with it.').waitFor();
    await advisor.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(focused).toBe('Apply ELF kernel');
    expect(await kernelOf()).toEqual(kernel);

    await advisor.getByRole('button', { name: 'Experiment that measured ELF kernel' }).click();
    await app.page.getByRole('heading', { name: 'Kernels', level: 1 }).waitFor();
  },
);
