/**
 * Writes every screen of the window in both themes to test-results/screens, from the real app on the
 * real QEMU (the fake one only where a failure is shown). Not a check: the pictures are for eyes.
 *
 * Usage: npm run screenshots [-- main|failures|containers|lab]
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { NanduApp, type AppOptions } from '../support/app.ts';
import { fakeQemuEnvironment, fakeQemuPath } from '../fakes/fake-qemu.ts';
import { projectRoot } from '../support/runtime.ts';
import { containerScreens } from './screenshots/container-screens.ts';
import { labScreens } from './screenshots/lab-screens.ts';

const folder = join(projectRoot, 'test-results', 'screens');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const themes = ['dark', 'light'] as const;
const runs = 6;
let count = 0;

const longName = 'a-machine-whose-name-is-as-long-as-nandu-allows-it-to-be-64-char';
const longPath = `/srv/kernels/${'a-rather-long-folder-name/'.repeat(12)}vmlinux-6.18.0-custom`;

const groups = {
  main: mainScreens,
  failures: failureScreens,
  containers: () => containerScreens({ shoot, withApp, resize }),
  lab: () => labScreens({ shoot, withApp, resize }),
};
const [only] = process.argv.slice(2);
if (only !== undefined && !Object.hasOwn(groups, only)) {
  throw new Error(`Usage: npm run screenshots [-- ${Object.keys(groups).join('|')}]`);
}
for (const [name, take] of Object.entries(groups)) {
  if (only === undefined || only === name) await take();
}
process.stdout.write(`${count} pictures in test-results/screens\n`);

/** One picture a theme, after everything has come to rest. */
async function shoot(app: NanduApp, name: string): Promise<void> {
  for (const theme of themes) {
    await app.chooseTheme(theme);
    await app.atRest();
    await app.page.waitForTimeout(200); // the terminal draws its new colours a little later
    await app.page.screenshot({ path: join(folder, `${name}-${theme}.png`) });
    count += 1;
  }
}

async function withApp(options: AppOptions, work: (app: NanduApp) => Promise<void>): Promise<void> {
  const app = await NanduApp.start({ size: { width: 1280, height: 800 }, ...options });
  try {
    await work(app);
  } finally {
    await app.close();
  }
}

async function mainScreens(): Promise<void> {
  await withApp({}, async (app) => {
    await shoot(app, '01-empty');
    const dialog = await app.openNewMachine();
    await shoot(app, '02-new-machine');
    await app.fill(dialog, {
      ...{ Name: '', 'Memory (MiB)': '1', vCPUs: '0', Kernel: 'vmlinuz', Initrd: longPath },
    });
    await dialog.getByRole('button', { name: 'Create' }).click();
    await shoot(app, '03-new-machine-refused');
    await dialog.getByRole('button', { name: 'Cancel' }).click();

    await app.createMachine({ Name: 'web-sandbox' });
    await shoot(app, '04-created');
    await app.openTab('Console');
    await shoot(app, '05-console-stopped');
    await app.openTab('Boot');
    await shoot(app, '06-boot-none');
    await app.openTab('Console');
    for (let run = 1; run <= runs; run += 1) {
      await app.button('Start').first().click();
      await app.waitForState('Running');
      if (run === 1) await shoot(app, '07-console-booting');
      await app.waitForReady('web-sandbox', 120_000);
      if (run === runs) break;
      await app.button('Stop').click();
      await app.waitForState('Stopped');
    }
    await app.type(
      "clear; ls --color=always /; printf '\\033[32mgreen\\033[0m Grüße 日本\\n'; uname -a\n",
    );
    await app.waitForConsole('GNU/Linux');
    await shoot(app, '08-console');
    await app.button('Find').click();
    await app.page.getByLabel('Find in console').fill('r');
    await shoot(app, '09-console-search');
    await app.page.keyboard.press('Escape');
    await app.openTab('Boot');
    await shoot(app, '10-boot');
    await app.button('Compare with…').click();
    await app.page.getByRole('menuitem').first().click();
    await app.page.getByRole('figure', { name: 'Boot comparison' }).waitFor();
    await shoot(app, '10a-boot-comparison');
    await app.button('End comparison').click();
    await app.button('Record details…').click();
    await shoot(app, '10b-boot-record');
    await app.page.keyboard.press('Escape');
    await app.openTab('Overview');
    await shoot(app, '11-overview');
    await app.openTab('Settings');
    await shoot(app, '11a-settings');
    const memory = app.page.getByLabel('Memory (MiB)', { exact: true }).first();
    await memory.fill('2048');
    await app.button('Use 2047 MiB').first().waitFor();
    await shoot(app, '11b-settings-finding');
    await app.button('Discard').click();
    await app.openTab('Command');
    await shoot(app, '11c-command');
    await app.openTab('Logs');
    await shoot(app, '11d-logs');
    await app.button('Doctor').click();
    await app.button('Run again').waitFor();
    await shoot(app, '11e-doctor');
    await app.button('Done').click();
    await app.button('Pause').click();
    await app.waitForState('Paused');
    await shoot(app, '12-paused');
    await app.button('Delete').click();
    await app.page.getByRole('alertdialog').waitFor();
    await shoot(app, '13-delete');
    await app.page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
    await app.button('Resume').click();

    await app.createMachine({ Name: longName, 'Kernel command line': 'quiet '.repeat(40).trim() });
    await app.createMachine({ Name: 'kernel-lab', Preset: 'Fast', vCPUs: '2' });
    await app.page.getByRole('list', { name: 'Machines' }).getByText(longName).click();
    await shoot(app, '14-long-text');
    await resize(app, 900, 560);
    await shoot(app, '15-small');
    await app.openTab('Boot');
    await app.page.getByRole('list', { name: 'Machines' }).getByText('web-sandbox').click();
    await shoot(app, '16-small-boot');
    await resize(app, 1920, 1080);
    await shoot(app, '17-large-boot');
  });
}

async function failureScreens(): Promise<void> {
  const env = {
    NANDU_QEMU: fakeQemuPath,
    ...fakeQemuEnvironment({
      ...{ dieAt: 'start', exitCode: 1 },
      stderr: 'qemu-system-x86_64: failed to initialize kvm: Permission denied\n',
    }),
  };
  await withApp({ env }, async (app) => {
    await app.createMachine({ Name: 'unlucky' });
    await app.button('Start').first().click();
    await app.page
      .getByText(/failed to initialize/)
      .first()
      .waitFor();
    await shoot(app, '20-start-failed');
  });
  await withApp({ env: { NANDU_QEMU: '/nowhere/qemu-system-x86_64' } }, async (app) => {
    await shoot(app, '21-no-qemu');
  });
}

async function resize(app: NanduApp, width: number, height: number): Promise<void> {
  await app.electron.evaluate(
    ({ BrowserWindow }, size) => {
      BrowserWindow.getAllWindows()[0]?.setContentSize(size.width, size.height);
    },
    { width, height },
  );
}
