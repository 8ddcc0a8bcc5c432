/**
 * The demonstration for places without a display: the same app in a real window under Xvfb creates a
 * machine, boots it, shows its console and its boot in the terminal, and stops it.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { phaseInfo } from '../../src/shared/index.ts';
import { NanduApp } from '../support/app.ts';
import { projectRoot } from '../support/runtime.ts';

const say = (line = ''): void => void process.stdout.write(`${line}\n`);

say('Opening Nandu’s window …');
const app = await NanduApp.start({ theme: 'dark' });
try {
  say('Creating the machine “demo” with the defaults …');
  await app.createMachine({ Name: 'demo' });
  await app.openTab('Console');
  say('Starting it …');
  await app.button('Start').first().click();
  await app.waitForConsole('/ # ', 120_000);
  await app.type('uname -a; cat /proc/meminfo | head -n 1\n');
  await app.waitForConsole('MemTotal');
  say('\nThe last lines of its console:');
  for (const line of (await app.consoleText()).split('\n').slice(-8)) say(`  │ ${line}`);

  await app.openTab('Boot');
  await app.page.getByRole('table', { name: 'Boot phases' }).waitFor({ timeout: 30_000 });
  const run = await app.waitForReady('demo');
  if (run.boot === null) throw new Error('the run has no boot');
  const { phases, totalMs } = run.boot;
  say(`\nWhere its boot time went (${run.accelerator === 'tcg' ? 'emulated' : 'KVM'}):`);
  for (const { name, durationMs } of phases) {
    const bar = '█'.repeat(Math.max(1, Math.round((durationMs / totalMs) * 40)));
    say(`  ${phaseInfo[name].title.padEnd(12)} ${durationMs.toFixed(1).padStart(8)} ms  ${bar}`);
  }
  say(`  ${'Total'.padEnd(12)} ${totalMs.toFixed(1).padStart(8)} ms`);

  const folder = join(projectRoot, 'test-results');
  mkdirSync(folder, { recursive: true });
  await app.page.screenshot({ path: join(folder, 'demo.png') });
  say('\nA picture of the window: test-results/demo.png');

  say('Stopping it …');
  await app.button('Stop').click();
  await app.waitForState('Stopped');
  say('Done.');
} finally {
  await app.close();
}
