/**
 * The numbers that only the whole app can show: start and stop cycles, many machines at once, what is
 * left of them, adoption after kill -9, idle load, and how fast a long list is filtered.
 */
import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import {
  defaultSpec,
  withPreset,
  type MachineId,
  type MachineSpec,
} from '../../../src/shared/index.ts';
import { fakeQemuEnvironment, fakeQemuPath } from '../../fakes/fake-qemu.ts';
import { NanduApp } from '../../support/app.ts';
import { temporaryDirectory } from '../../support/folders.ts';
import { Services } from '../../support/services.ts';

type Say = (line: string) => void;

const fakeEnvironment = { NANDU_QEMU: fakeQemuPath, ...fakeQemuEnvironment({}) };
const exposeGc = ['--js-flags=--expose-gc'];

/** What an app holds at one moment. */
export interface Holdings {
  /** QEMU processes of this app's data folder. */
  readonly processes: number;
  readonly descriptors: number;
  /** Of those, sockets. */
  readonly sockets: number;
  /** Of Node's process and Electron's ipcMain. */
  readonly listeners: number;
  /** Timers, sockets and the like that keep the event loop busy. */
  readonly handles: number;
  readonly runFolders: number;
  /** Of all processes of the app together, after a collection. */
  readonly memoryMiB: number;
  readonly heapMiB: number;
}

const specOf = (name: string): MachineSpec => ({
  ...withPreset({ ...defaultSpec, name }, 'emulated'),
  memoryMiB: 128,
});

async function holdings(app: NanduApp): Promise<Holdings> {
  await app.page.evaluate(() => (globalThis as { gc?: () => void }).gc?.());
  const inMain = await app.electron.evaluate(async ({ app: electron, ipcMain }) => {
    const { gc } = globalThis as { gc?: () => void };
    // Twice, with a rest: what is freed in the first frees more in the second.
    for (let round = 0; round < 3; round += 1) {
      gc?.();
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    const count = (emitter: NodeJS.EventEmitter): number =>
      emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
    return {
      pid: process.pid,
      listeners: count(process) + count(ipcMain),
      handles: process.getActiveResourcesInfo().filter((kind) => kind !== 'Immediate').length,
      heapMiB: process.memoryUsage().heapUsed / 2 ** 20,
      memoryMiB:
        electron.getAppMetrics().reduce((sum, { memory }) => sum + memory.workingSetSize, 0) / 1024,
    };
  });
  const links = readdirSync(`/proc/${inMain.pid}/fd`);
  const sockets = links.filter((name) => isSocket(`/proc/${inMain.pid}/fd/${name}`)).length;
  const { listeners, handles } = inMain;
  return {
    ...{ listeners, handles, descriptors: links.length, sockets },
    processes: qemuProcesses(app.dataDirectory).length,
    runFolders: readdirSync(`${app.dataDirectory}/run`).length,
    memoryMiB: Math.round(inMain.memoryMiB * 10) / 10,
    heapMiB: Math.round(inMain.heapMiB * 10) / 10,
  };
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith('socket:');
  } catch {
    return false; // closed meanwhile
  }
}

/** The pids of QEMUs whose command names the folder. */
function qemuProcesses(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return command.includes(`${folder}/`) && command.includes('microvm,');
      } catch {
        return false; // gone meanwhile
      }
    })
    .map(Number);
}

/** Whether nothing was left, and memory is within a tenth of what it was. */
function leaksNothing(before: Holdings, after: Holdings): boolean {
  return (
    after.processes === before.processes &&
    after.runFolders === before.runFolders &&
    after.descriptors <= before.descriptors + 2 && // Chromium opens and closes some of its own
    after.sockets <= before.sockets &&
    after.listeners <= before.listeners &&
    after.handles <= before.handles &&
    after.memoryMiB <= before.memoryMiB * 1.1
  );
}

/** What start and stop cycles left behind. */
export interface CycleResult {
  readonly count: number;
  readonly atOnce: number;
  readonly medianMs: number;
  readonly before: Holdings;
  readonly after: Holdings;
  readonly leaked: boolean;
}

/** One machine started and stopped so often, then many at once; with the fake QEMU, for the count. */
export async function cycles(count: number, atOnce: number, say: Say): Promise<CycleResult> {
  const app = await NanduApp.start({ env: fakeEnvironment, switches: exposeGc });
  try {
    const { id } = await app.invoke('machine:create', specOf('cycles'));
    const others: MachineId[] = [];
    for (let index = 0; index < atOnce; index += 1) {
      others.push((await app.invoke('machine:create', specOf(`many-${index}`))).id);
    }
    const durations: number[] = [];
    const cycle = async (): Promise<void> => {
      const startedAt = performance.now();
      await app.invoke('machine:start', { id });
      await app.invoke('machine:stop', { id });
      durations.push(performance.now() - startedAt);
    };
    const together = async (): Promise<void> => {
      await Promise.all(others.map((other) => app.invoke('machine:start', { id: other })));
      const running = (await app.machines()).filter(({ state }) => state === 'running').length;
      const found = qemuProcesses(app.dataDirectory).length;
      if (running !== atOnce || found !== atOnce) {
        throw new Error(`${running} run and ${found} processes are there, of ${atOnce}`);
      }
      await Promise.all(others.map((other) => app.invoke('machine:stop', { id: other })));
    };
    // Caches fill, code is compiled, pools grow to their size: that is no leak.
    for (let warmUp = 0; warmUp < 100; warmUp += 1) await cycle();
    await together();
    const before = await holdings(app);
    say(`before: ${JSON.stringify(before)}`);
    durations.length = 0;
    for (let index = 1; index <= count; index += 1) {
      await cycle();
      if (index % 200 === 0) say(`${index} cycles`);
    }
    await together();
    const after = await holdings(app);
    say(`after: ${JSON.stringify(after)}`);
    const medianMs = Math.round(durations.sort((a, b) => a - b)[durations.length >> 1] ?? NaN);
    return { count, atOnce, medianMs, before, after, leaked: !leaksNothing(before, after) };
  } finally {
    await app.close();
  }
}

/** Machines that were found again after the app was killed. */
export interface AdoptionResult {
  readonly fake: number;
  readonly fakeMs: number;
  readonly real: number;
  readonly realMs: number;
}

/** Kills the app with so many fakes running, and takes them over. */
export async function adoptFakes(
  count: number,
  say: Say,
): Promise<{ adopted: number; durationMs: number }> {
  const dataDirectory = temporaryDirectory();
  const app = await NanduApp.start({ dataDirectory, env: fakeEnvironment });
  for (let index = 0; index < count; index += 1) {
    const { id } = await app.invoke('machine:create', specOf(`adopted-${index}`));
    await app.invoke('machine:start', { id });
  }
  const ready = performance.now() + 60_000;
  while ((await app.machines()).some(({ run }) => run?.boot?.reached !== 'ready')) {
    if (performance.now() > ready) throw new Error('the machines did not boot');
    await delay(200);
  }
  await kill(app);
  const result = await takeOver(dataDirectory);
  say(`${result.adopted} fakes adopted in ${Math.round(result.durationMs)} ms`);
  rmSync(dataDirectory, { recursive: true, force: true });
  return result;
}

async function kill(app: NanduApp): Promise<void> {
  const child = app.electron.process();
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}

/** Opens the services as the next app does, counts what runs, and stops it all. */
async function takeOver(dataDirectory: string): Promise<{ adopted: number; durationMs: number }> {
  const startedAt = performance.now();
  const services = await Services.open(dataDirectory);
  const durationMs = performance.now() - startedAt;
  const adopted = services.manager.list().filter(({ state }) => state === 'running').length;
  await services.close('stop');
  const left = qemuProcesses(dataDirectory);
  if (left.length > 0) throw new Error(`processes were left: ${left.join(' ')}`);
  return { adopted, durationMs };
}

/** The load of an app that has nothing to do but to own running machines. */
export interface IdleResult {
  readonly machines: number;
  /** Of one core, all processes of the app together. */
  readonly cpuPercent: number;
  readonly adopted: number;
  readonly adoptionMs: number;
}

/** Boots real machines, measures the app at rest, kills it and adopts them. */
export async function idleWithRealMachines(
  count: number,
  seconds: number,
  say: Say,
): Promise<IdleResult> {
  const dataDirectory = temporaryDirectory();
  const app = await NanduApp.start({ dataDirectory });
  const ids: MachineId[] = [];
  for (let index = 0; index < count; index += 1) {
    ids.push((await app.invoke('machine:create', specOf(`real-${index}`))).id);
  }
  for (const id of ids) {
    await app.invoke('machine:start', { id });
    const name = (await app.machines()).find((machine) => machine.id === id)?.spec.name ?? '';
    await app.waitForReady(name, 120_000);
  }
  say(`${count} real machines run`);
  await delay(5_000);
  const pids = await app.electron.evaluate(({ app: electron }) =>
    electron.getAppMetrics().map(({ pid }) => pid),
  );
  const before = cpuSeconds(pids);
  const startedAt = performance.now();
  await delay(seconds * 1_000);
  const elapsedSeconds = (performance.now() - startedAt) / 1_000;
  const cpuPercent = ((cpuSeconds(pids) - before) / elapsedSeconds) * 100;
  say(`the app used ${cpuPercent.toFixed(2)} % of a core over ${elapsedSeconds.toFixed(0)} s`);
  await kill(app);
  const { adopted, durationMs } = await takeOver(dataDirectory);
  say(`${adopted} real machines adopted in ${Math.round(durationMs)} ms`);
  rmSync(dataDirectory, { recursive: true, force: true });
  return { machines: count, cpuPercent, adopted, adoptionMs: durationMs };
}

/** Fields 14 and 15 of /proc/PID/stat are in clock ticks, 100 a second (proc(5)). */
function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / 100;
}

/** How long after a keystroke the filtered list was painted, milliseconds. */
export interface FilterResult {
  readonly machines: number;
  readonly medianMs: number;
  readonly maxMs: number;
}

/** Types into the search above a long list. */
export async function filterLongList(count: number, say: Say): Promise<FilterResult> {
  const app = await NanduApp.start({ size: { width: 1280, height: 800 } });
  try {
    for (let index = 0; index < count; index += 1) {
      await app.invoke('machine:create', specOf(`machine-${index}-${(index * 7919) % 1000}`));
    }
    await app.page.reload();
    const list = app.page.getByRole('list', { name: 'Machines' });
    await list.getByRole('listitem').first().waitFor();
    const field = app.page.getByRole('searchbox').or(app.page.getByLabel('Search')).first();
    await field.focus();
    await field.evaluate((element) => {
      const samples: number[] = [];
      Object.assign(window, { samples });
      let pressedAt = 0;
      element.addEventListener('keydown', () => (pressedAt = performance.now()), true);
      element.addEventListener('input', () => {
        // A message posted within a frame is handled after that frame was painted.
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => samples.push(performance.now() - pressedAt);
          port2.postMessage(null);
        });
      });
    });
    for (const word of ['machine-4', '-77', '9', 'nothing like it']) {
      for (const key of word) {
        await app.page.keyboard.type(key);
        await delay(60);
      }
      for (const key of Array<string>(word.length).fill('Backspace')) {
        await app.page.keyboard.press(key);
        await delay(60);
      }
    }
    const samples = await app.page.evaluate(
      () => (window as unknown as { samples: number[] }).samples,
    );
    samples.sort((a, b) => a - b);
    const medianMs = samples[samples.length >> 1] ?? NaN;
    const maxMs = samples.at(-1) ?? NaN;
    say(
      `${count} machines: keystroke to paint ${medianMs.toFixed(1)} ms, at most ${maxMs.toFixed(1)}`,
    );
    return { machines: count, medianMs, maxMs };
  } finally {
    await app.close();
  }
}
