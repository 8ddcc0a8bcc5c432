/**
 * What Nandu costs while nothing happens: processor time and memory of all its processes, with a machine that runs,
 * and of that machine's QEMU.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { NanduApp } from '../support/app.ts';

export interface IdleBench {
  /** Of one processor. */
  readonly appCpuPercent: number;
  readonly qemuCpuPercent: number;
  /** Proportional set size, so that shared pages count once. */
  readonly appMemoryMB: number;
  readonly qemuMemoryMB: number;
  readonly seconds: number;
}

/** proc(5): jiffies, of which every Linux on x86 has 100 a second. */
const ticksPerSecond = 100;
/** What is still to be done after a boot, like writing the history, is not idling. */
const settleMs = 5_000;

export async function benchIdle(seconds: number): Promise<IdleBench> {
  const app = await NanduApp.start();
  try {
    await app.createMachine({ Name: 'idle' });
    await app.openTab('Console');
    await app.button('Start').first().click();
    await app.waitForReady('idle');
    await delay(settleMs);
    const root = app.electron.process().pid ?? 0;
    const all = descendants(root);
    const qemus = all.filter((pid) => commandOf(pid).startsWith('qemu-system'));
    // QEMU has a session of its own, and its parent is Nandu as long as that lives.
    const own = all.filter((pid) => !qemus.includes(pid));
    const before = { own: ticksOf(own), qemus: ticksOf(qemus) };
    await delay(seconds * 1000);
    const percent = (ticks: number): number =>
      Number(((ticks / ticksPerSecond / seconds) * 100).toFixed(2));
    return {
      appCpuPercent: percent(ticksOf(own) - before.own),
      qemuCpuPercent: percent(ticksOf(qemus) - before.qemus),
      appMemoryMB: memoryOf(own),
      qemuMemoryMB: memoryOf(qemus),
      seconds,
    };
  } finally {
    await app.close();
  }
}

function descendants(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? readOrEmpty(`/proc/${pid}/stat`) : '';
    const parent = /^\d+ \(.*\) \S (\d+)/s.exec(stat)?.[1];
    if (parent !== undefined) parents.set(pid, Number(parent));
  }
  const found = [root];
  for (const pid of found) {
    for (const [child, parent] of parents) if (parent === pid) found.push(child);
  }
  return found;
}

function commandOf(pid: number): string {
  return readOrEmpty(`/proc/${pid}/comm`).trim();
}

function ticksOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const fields = readOrEmpty(`/proc/${pid}/stat`)
      .replace(/^.*\) /s, '')
      .split(' ');
    return sum + Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }, 0);
}

function memoryOf(pids: readonly number[]): number {
  const kiB = pids.reduce((sum, pid) => {
    const pss = /^Pss:\s+(\d+) kB/m.exec(readOrEmpty(`/proc/${pid}/smaps_rollup`))?.[1];
    return sum + Number(pss ?? 0);
  }, 0);
  return Math.round(kiB / 1000);
}

/** A process may end between being listed and being read. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
