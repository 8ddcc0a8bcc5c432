/** A person's way through the window, on the real QEMU: create, start, type, look, stop, delete. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NanduApp } from '../support/app.ts';

let app: NanduApp;
beforeAll(async () => {
  app = await NanduApp.start();
});
afterAll(async () => {
  await app.close();
  expect(app.pageErrors).toEqual([]);
});

describe('a machine in the window', () => {
  it('is created with the defaults alone and chosen at once', async () => {
    const dialog = await app.openNewMachine();
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await app.page.getByRole('heading', { name: 'machine-1', level: 1 }).waitFor();
    await app.waitForState('Stopped');
    const list = app.page.getByRole('list', { name: 'Machines' });
    expect(await list.getByRole('listitem').count()).toBe(1);
  });

  it('starts once when Start is pressed twice, and its console answers', async () => {
    await app.openTab('Console');
    await app.button('Start').first().dblclick();
    await app.waitForState('Running');
    await app.waitForConsole('/ # ');
    await app.type('echo answer-$((6*7)) äöü-日本; uname -r\n');
    await app.waitForConsole('answer-42 äöü-日本');
    await app.openTab('Overview');
    expect(await app.page.getByRole('table').getByRole('row').count()).toBe(2); // head and run 1
  });

  it('gives its QEMU none of the descriptors that Chromium leaves open', async () => {
    const folder = join(app.dataDirectory, 'run');
    const [run = ''] = readdirSync(folder);
    const { pid } = JSON.parse(readFileSync(join(folder, run, 'launch.json'), 'utf8')) as {
      pid: number;
    };
    const open = readdirSync(`/proc/${pid}/fd`)
      .map((name) => readlinkSync(`/proc/${pid}/fd/${name}`))
      .filter((target) => target.startsWith('/'));
    // A kept machine once held the app's profile and shared memory open for as long as it ran.
    const own = [/^\/dev\/(null|kvm|ptmx)/, /\/state\/runs\//, /\/memfd:/, /vmlinux|initrd/];
    expect(open.filter((target) => !own.some((pattern) => pattern.test(target)))).toEqual([]);
    expect(open.some((target) => target.endsWith('console.log'))).toBe(true);
  });

  it('tells its guest how large the console is, also after the window changed', async () => {
    await app.openTab('Console');
    const columns = async (): Promise<string> => {
      await app.type('clear; echo "size=$(stty size | cut -d" " -f2)."\n');
      await app.waitForConsole('size=', 10_000);
      await expect.poll(() => app.consoleText(), { timeout: 10_000 }).toMatch(/^size=\d+\.$/m);
      return /^size=(\d+)\.$/m.exec(await app.consoleText())?.[1] ?? '';
    };
    const wide = Number(await columns());
    expect(wide).toBeGreaterThan(90);
    await app.electron.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.setContentSize(920, 700),
    );
    await expect.poll(columns, { timeout: 20_000 }).not.toBe(String(wide));
    expect(Number(await columns())).toBeLessThan(wide);
  });

  it('keeps its console over tabs, machines and a reload, with what came meanwhile', async () => {
    await app.type('clear; (sleep 2; echo un$((1+1))seen) &\n');
    await app.createMachine({ Name: 'other' });
    await app.page.getByRole('heading', { name: 'other', level: 1 }).waitFor();
    await app.page.getByRole('list', { name: 'Machines' }).getByText('machine-1').click();
    await app.openTab('Boot');
    await app.page.waitForTimeout(2_500);
    await app.openTab('Console');
    await app.waitForConsole('un2seen', 10_000);
    await app.page.reload();
    await app.page.getByRole('heading', { name: 'machine-1', level: 1 }).waitFor();
    await app.waitForConsole('un2seen', 10_000);
    // Replaying what the terminal was asked must not type the answers into the guest.
    await app.type('echo still-$((2+2))-fine\n');
    await app.waitForConsole('still-4-fine', 10_000);
    expect(await app.consoleText()).not.toContain('not found');
  });

  it('finds text in its console', async () => {
    await app.type('clear; for i in 1 2 3; do echo needle-$i; done\n');
    await app.waitForConsole('needle-3');
    await app.button('Find').click();
    await app.page.getByLabel('Find in console').fill('needle-');
    await expect
      .poll(() => app.page.getByRole('region', { name: 'Serial console' }).textContent())
      .toMatch(/\d+ (of|\/) \d+/);
    // A terminal made anew when the desktop turned dark forgot what was searched for.
    for (const theme of ['dark', 'light'] as const) {
      await app.chooseTheme(theme);
      await app.atRest();
      expect(await app.page.getByLabel('Find in console').inputValue()).toBe('needle-');
    }
    await app.page.keyboard.press('Escape');
  });

  it('shows its boot as a waterfall, a table that adds up, and a history', async () => {
    await app.openTab('Boot');
    await app.page.getByRole('figure', { name: 'Boot timeline' }).waitFor();
    await app.page.getByRole('figure', { name: 'Boot history' }).waitFor();
    const rows = await app.page.getByRole('table', { name: 'Boot phases' }).getByRole('row').all();
    const cells = await Promise.all(rows.map((row) => row.innerText()));
    expect(cells.map((text) => text.split(/\s{2,}|\t|\n/)[0]?.trim())).toEqual([
      ...['Phase', 'Process start', 'Monitor', 'Firmware', 'Kernel load', 'Kernel', 'User space'],
      'Total',
    ]);
  });

  it('pauses, resumes, and is not stopped by a deletion that was not confirmed', async () => {
    await app.button('Pause').click();
    await app.waitForState('Paused');
    await app.button('Resume').click();
    await app.waitForState('Running');
    await app.button('Delete').click();
    const question = app.page.getByRole('alertdialog');
    await question.getByText(/stopped first/).waitFor();
    await question.getByRole('button', { name: 'Cancel' }).click();
    await app.waitForState('Running');
  });

  it('stops, keeps its console, starts again, and can be stopped by force', async () => {
    await app.openTab('Console');
    await app.waitForConsole('needle-3');
    // A terminal made anew at every change of state lost selection and search, and slowed the boot.
    await app.page.locator('.xterm').evaluate((terminal) => (terminal.id = 'the-same'));
    await app.button('Stop').click();
    await app.waitForState('Stopped');
    await app.waitForConsole('needle-3');
    await app.button('Start').first().click();
    await app.waitForState('Running');
    expect(await app.page.locator('#the-same').count()).toBe(1);
    await app.button('Force stop').click();
    await app.waitForState('Stopped');
  });

  it('is deleted after the question', async () => {
    await app.button('Delete').click();
    await app.page
      .getByRole('alertdialog')
      .getByRole('button', { name: /^Delete/ })
      .click();
    const list = app.page.getByRole('list', { name: 'Machines' });
    await expect.poll(() => list.getByRole('listitem').count()).toBe(1);
    expect(await list.textContent()).not.toContain('machine-1');
  });
});
