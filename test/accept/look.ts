import { mkdirSync } from 'node:fs';
import { NanduApp } from '../support/app.ts';
const out = '/tmp/looks'; mkdirSync(out, { recursive: true });
const app = await NanduApp.start({ size: { width: 1280, height: 800 } });
async function shoot(name: string, themes = ['dark', 'light'] as ('dark'|'light')[]) {
  for (const theme of themes) { await app.chooseTheme(theme); await app.atRest(); await app.page.waitForTimeout(200);
    await app.page.screenshot({ path: `${out}/${name}-${theme}.png` }); }
}
const size = (width: number, height: number) => app.electron.evaluate(({ BrowserWindow }, s) => BrowserWindow.getAllWindows()[0]?.setContentSize(s.width, s.height), { width, height });
const active = () => app.page.evaluate(() => { const e = document.activeElement as HTMLElement; return `${e.tagName} ${e.getAttribute('data-machine') ? 'row' : ''} ${e.textContent?.trim().slice(0, 30)}`; });
try {
  await app.createMachine({ Name: 'm1' });
  await app.createMachine({ Name: 'a-machine-whose-name-is-as-long-as-nandu-allows-it-to-be-64-char', Kernel: '' });
  await shoot('a-overview');
  // unsaved
  await app.openTab('Settings');
  await app.page.getByLabel('Memory (MiB)', { exact: true }).first().fill('2048');
  await app.page.getByLabel('Kernel command line', { exact: true }).first().fill('nandu.x="');
  await app.page.waitForTimeout(800);
  await shoot('b-settings');
  await app.openTab('Overview');
  await app.button('Start').first().click();
  await shoot('c-unsaved');
  await app.page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
  await app.openTab('Settings');
  await app.button('Discard').click();
  await app.page.getByLabel('Kernel command line', { exact: true }).first().fill('panic=0 rdinit=/nothing');
  await app.button('Start').first().click();
  await app.button('Save and start').click();
  await app.waitForState('Running');
  await app.page.waitForTimeout(6000);
  await shoot('d-partial', ['dark']);
  await app.openTab('Boot'); await shoot('d-partial-boot');
  await app.openTab('Overview'); await shoot('d-partial-overview', ['light']);
  if (await app.button('Force stop').count()) await app.button('Force stop').click();
  // m1 run, stop ladder
  await app.page.getByRole('list', { name: 'Machines' }).getByText('m1', { exact: true }).click();
  await app.button('Start').first().click();
  await app.waitForReady('m1');
  await app.openTab('Boot'); await shoot('e-boot');
  await app.openTab('Console');
  await app.type('kill -STOP 1; killall -STOP agent nandu-agent; ps\n');
  await app.button('Pause').click(); await app.waitForState('Paused');
  await app.button('Resume').click(); await app.waitForState('Running');
  await app.openTab('Overview');
  void app.button('Stop').click();
  await app.page.waitForTimeout(120);
  await app.page.screenshot({ path: `${out}/f-stopping.png` });
  await app.waitForState('Stopped');
  await size(900, 560);
  await shoot('g-small');
  for (const tab of ['Boot', 'Settings', 'Command', 'Logs'] as const) { await app.openTab(tab); await shoot(`g-small-${tab}`, ['dark']); }
  await app.page.getByLabel('Search machines').fill('state:stopped');
  console.log('found', await app.page.getByRole('list', { name: 'Machines' }).getByRole('listitem').count());
  await app.page.getByLabel('Search machines').fill('');
  for (let i = 0; i < 2; i += 1) {
    await app.button('Delete').click();
    await app.page.getByRole('alertdialog').getByRole('button', { name: /^Delete/ }).click();
    await app.page.getByRole("alertdialog").waitFor({ state: "hidden" });
    await app.page.waitForTimeout(600);
    console.log('focus', await active());
  }
  console.log(app.pageErrors);
} finally { await app.close(); }
