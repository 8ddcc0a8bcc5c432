/**
 * Holds what Nandu says of boots against clocks that are not Nandu's: the guest's own, and a second process that
 * watches the console's log.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { BootTimeline, MachineId } from '../../../src/shared/index.ts';
import { exportBoot } from '../../../src/main/boot/index.ts';
import { readLaunchRecord } from '../../../src/main/machines/index.ts';
import { temporaryDirectory } from '../../support/folders.ts';
import { prompt } from '../../support/by-hand.ts';
import { Services } from '../../support/services.ts';
import { TestView } from '../../support/test-view.ts';

export interface TruthCheck {
  /** The largest that was seen, as are the others. */
  readonly sumErrorMs: number;
  readonly clockErrorMs: number;
  readonly problems: readonly string[];
}

const boots = 5;
/** Over this time a clock that runs 1 % wrong is 50 ms off. */
const watchMs = 5_000;
/** The second process looks so often. */
const lookMs = 5;

/** Boots ELF and bzImage, with a serial console that both processes see at once. */
export async function checkTruth(say: (line: string) => void): Promise<TruthCheck> {
  const folder = temporaryDirectory();
  const services = await Services.open(folder);
  const problems: string[] = [];
  const sums: number[] = [];
  const clocks: number[] = [];
  try {
    const { defaultKernel } = await services.host.status();
    // Nandu and the second process wait for the very same line.
    const ready = { kind: 'console', text: 'nandu: ready' } as const;
    const { id } = await services.manager.create(services.spec({ quietKernel: true, ready }));
    const packed = await services.manager.create(
      services.spec({
        ...{ name: 'bzImage', quietKernel: true, ready },
        kernel: { kind: 'file', path: defaultKernel?.bzImagePath ?? '' },
      }),
    );
    for (let round = 0; round < boots; round++) {
      const machineId = round === boots - 1 ? packed.id : id;
      const { boot, sumMs, secondMs, rateMs } = await bootOnce(services, machineId);
      sums.push(Math.abs(sumMs - boot.totalMs));
      clocks.push(secondMs, rateMs);
      say(
        `boot ${round}: ${boot.totalMs.toFixed(1)} ms; a second process saw it ready ${secondMs.toFixed(1)} ms off; in ${watchMs / 1000} s the guest’s clock went ${rateMs.toFixed(1)} ms wrong`,
      );
      const names = boot.phases.map(({ name }) => name);
      if (names.includes('decompression') !== (machineId === packed.id)) {
        problems.push(
          `phases of a ${machineId === packed.id ? 'bzImage' : 'ELF'}: ${names.join()}`,
        );
      }
    }
  } finally {
    await services.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return { sumErrorMs: largest(sums), clockErrorMs: largest(clocks), problems };
}

async function bootOnce(
  services: Services,
  id: MachineId,
): Promise<{ boot: BootTimeline; sumMs: number; secondMs: number; rateMs: number }> {
  const { manager } = services;
  await manager.start(id);
  const view = new TestView();
  const console = manager.openConsole(id, view.sink);
  const second = secondProcess(services.recordOf(id).consoleLog);
  const { run } = await services.untilReady(id);
  if (run?.boot == null) throw new Error('it has no timeline');
  const record = await readLaunchRecord(services.recordOf(id).launchRecord);
  if (record === null) throw new Error('it has no launch record');
  const secondMs = Math.abs((await second) - (record.spawnedAtMs + run.boot.totalMs));
  await view.shows(prompt);
  const before = await guestClock(console, view, 'first');
  await delay(watchMs);
  const after = await guestClock(console, view, 'second');
  console.close();
  await manager.forceStop(id);
  const rateMs = Math.abs(after.guestMs - before.guestMs - (after.hostMs - before.hostMs));
  const csv = exportBoot({ run: { ...run, boot: run.boot }, name: 'boot' }, 'csv');
  return { boot: run.boot, sumMs: sumOf(csv), secondMs, rateMs };
}

/** The guest's uptime, and when it was told. */
async function guestClock(
  console: { input(data: string): void },
  view: TestView,
  word: string,
): Promise<{ guestMs: number; hostMs: number }> {
  console.input(`read u _ </proc/uptime; echo "${word}-"$u\r`);
  const pattern = new RegExp(`${word}-(\\d+\\.\\d+)`);
  while (!pattern.test(view.text)) await delay(1);
  return { hostMs: performance.now(), guestMs: Number(pattern.exec(view.text)?.[1]) * 1000 };
}

/** @returns epoch milliseconds by the clock of a process of its own. */
async function secondProcess(log: string): Promise<number> {
  const script = `
    const { readFileSync } = require('node:fs');
    setInterval(() => {
      let text = '';
      try { text = readFileSync(process.argv[1], 'latin1'); } catch { return; }
      if (!text.includes('nandu: ready')) return;
      console.log(Date.now());
      process.exit();
    }, ${lookMs});
    setTimeout(() => process.exit(1), 60000);`;
  const child = spawn(process.execPath, ['-e', script, log], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error('The second process saw no boot.');
  return Number(said);
}

/** The phases of the saved table added up, as a person with a spreadsheet would. */
function sumOf(csv: string): number {
  const [head = '', ...rows] = csv.split('\r\n');
  const column = head.split(',').indexOf('duration_ms');
  const phases = rows.filter((row) => row.startsWith('phase,'));
  // Titles and names of phases have no comma, and the column lies before the sentences.
  return phases.reduce((sum, row) => sum + Number(row.split(',')[column]), 0);
}

function largest(values: readonly number[]): number {
  return Number(Math.max(...values).toFixed(2));
}
