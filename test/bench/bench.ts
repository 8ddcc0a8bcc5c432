/**
 * The benchmark: boots, launch, console, idling. Prints a table and writes all figures as JSON.
 * Judges nothing: what is demanded of the figures stands in the acceptance check "boot".
 *
 * Usage: npm run bench [-- --rounds N] [-- --only boots|launch|console|idle] [-- --json FILE]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../support/runtime.ts';
import { benchBoots } from './boots.ts';
import { benchConsole } from './console.ts';
import { table, type Figures } from './figures.ts';
import { benchIdle } from './idle.ts';
import { benchLaunch } from './launch.ts';

const sections = ['boots', 'launch', 'console', 'idle'] as const;
const idleSeconds = 20;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    only: { type: 'string' },
    json: { type: 'string', default: join(projectRoot, 'test-results', 'bench.json') },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds is a whole number from 1.');
const wanted = sections.filter((name) => values.only === undefined || values.only === name);
if (wanted.length === 0) throw new Error(`--only is one of ${sections.join(', ')}.`);

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const [processor] = cpus();
const host = `${cpus().length} × ${processor?.model.trim() ?? 'unknown'}`;
say(
  `${host}; load ${loadavg()[0]?.toFixed(1)}; machines emulated (TCG); medians of ${rounds} rounds`,
);

const runs = (name: (typeof sections)[number]): boolean => wanted.includes(name);
const boots = runs('boots') ? await benchBoots(rounds, say) : null;
const launch = runs('launch') ? await benchLaunch(rounds, say) : null;
const flood = runs('console') ? await benchConsole(rounds, say) : null;
const idle = runs('idle') ? await benchIdle(idleSeconds) : null;

const row = (name: string, unit: string, figures: Figures): string[] => [
  ...[name, `${figures.median} ${unit}`, `${figures.q1}–${figures.q3}`, `${figures.p95}`],
];
const rows: string[][] = [['', 'median', 'middle half', '95th']];
const titles: Record<string, string> = {
  raw: 'boot: QEMU by hand, Nandu’s argv',
  untraced: 'boot: the same without tracing',
  nandu: 'boot: Nandu',
  fast: 'boot: Nandu, Fast preset, fast kernel',
  fastWithAcpi: 'boot: the same with ACPI on',
  libvirt: 'boot: libvirt, q35, cloud kernel',
};
for (const [name, figures] of Object.entries(boots?.figures ?? {})) {
  rows.push(row(titles[name] ?? name, 'ms', figures));
}
if (boots?.nanduToRaw) rows.push(row('Nandu to by hand', '×', boots.nanduToRaw));
if (boots?.fastToLibvirt) rows.push(row('Fast to libvirt', '×', boots.fastToLibvirt));
if (launch !== null) {
  rows.push(row('launch: Nandu', 'ms', launch.figures.nandu));
  rows.push(row('launch: an empty window', 'ms', launch.figures.empty));
  rows.push(row('Nandu to empty', '×', launch.launchToEmpty));
}
if (flood !== null) {
  rows.push(row('console: drained', 'MB/s', flood.mbPerS));
  rows.push(row('console: echo while flooded', 'ms', flood.echoMs));
  rows.push(['console: lost', `${flood.lostBytes} of ${flood.floodedBytes} bytes`]);
}
if (idle !== null) {
  rows.push(['idle: Nandu', `${idle.appCpuPercent} % CPU`, `${idle.appMemoryMB} MB`]);
  rows.push(['idle: its machine', `${idle.qemuCpuPercent} % CPU`, `${idle.qemuMemoryMB} MB`]);
}
say(`\n${table(rows)}`);
const cost = boots?.measuringCostPercent ?? null;
if (cost !== null) say(`measuring costs ${cost} % of a boot`);
for (const missing of boots?.missing ?? []) say(`not measured: ${missing}`);

const target = resolve(values.json);
mkdirSync(dirname(target), { recursive: true });
const result = {
  date: new Date().toISOString(),
  host,
  rounds,
  boots,
  launch,
  console: flood,
  idle,
};
writeFileSync(target, `${JSON.stringify(result, null, 2)}\n`);
say(`All figures: ${target}`);
