import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import type { BootTimeline, ReadySign } from '../../shared/index.ts';
import { BootWatch, ConsoleMarkScanner } from '../boot/index.ts';
import type { RunFiles } from '../host/index.ts';
import { BootProgress } from './boot-progress.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const spawnedAtMs = 1_000_000;

function follow(
  ready: ReadySign,
  { agentTells = true, loaded = false, cold = false as boolean | null } = {},
): {
  boot: BootProgress;
  print: (text: string, atMs: number) => void;
  told: BootTimeline[];
  next: () => Promise<BootTimeline>;
} {
  const folder = mkdtempSync(join(tmpdir(), 'nandu-progress-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const traceLog = join(folder, 'trace.log');
  writeFileSync(traceLog, '');
  let elapsedMs = 0;
  const wall = (): number => spawnedAtMs + elapsedMs;
  const recorder = new BootWatch(spawnedAtMs, true, { wall, monotonic: () => elapsedMs });
  elapsedMs = 100;
  recorder.resumed(wall());
  const scanner = new ConsoleMarkScanner(ready);
  const told: BootTimeline[] = [];
  const waiting: ((boot: BootTimeline) => void)[] = [];
  const boot = new BootProgress({
    ...{ scanner, recorder, files: { traceLog } as RunFiles, kernelClock: null },
    readiness: { ready, readyDeadlineSeconds: 10, agentTells, sign: `by ${ready.kind}` },
    host: { loaded: () => loaded, wasCold: () => cold },
    listener: {
      booted: (timeline) => {
        told.push(timeline);
        waiting.shift()?.(timeline);
      },
    },
    monitor: () => null,
  });
  return {
    ...{ boot, told, next: () => new Promise((resolve) => waiting.push(resolve)) },
    print: (text, atMs) => {
      elapsedMs = atMs;
      if (scanner.feed(Buffer.from(text), spawnedAtMs + atMs)) boot.consoleMarked();
    },
  };
}

it('the agent counts where nothing else was chosen, and the console’s line where there is none', async () => {
  const automatic = follow({ kind: 'automatic' }, { loaded: true });
  automatic.print('nandu: ready uptime=1\n', 500);
  let next = automatic.next();
  automatic.boot.agentReady(spawnedAtMs + 400);
  expect(await next).toMatchObject({
    reached: 'ready',
    totalMs: 400,
    conditions: ['loaded', 'no-trace'],
  });
  const alone = follow({ kind: 'automatic' }, { agentTells: false });
  next = alone.next();
  alone.print('nandu: ready uptime=1\n', 500);
  expect(await next).toMatchObject({ reached: 'ready', totalMs: 500 });
});

it('other signs do not count when one was chosen', async () => {
  const { boot, print, next } = follow({ kind: 'marker', name: 'up' });
  boot.agentReady(spawnedAtMs + 900);
  const told = next();
  print('nandu: ready uptime=1\nnandu: user space uptime=1\n', 500);
  expect((await told).reached).toBe('user-space');
  const ready = next();
  print('nandu: mark up\n', 1_500);
  expect(await ready).toMatchObject({ reached: 'ready', totalMs: 1_500 });
});

it('a deadline keeps what was seen, and a sign that comes later does not count', async () => {
  const { boot, print, told, next } = follow({ kind: 'console', text: 'login: ' });
  const seen = next();
  print('nandu: user space uptime=1\n', 500);
  expect((await seen).conditions).not.toContain('deadline');
  boot.begin(4_000);
  const late = next();
  vi.advanceTimersByTime(5_999);
  expect(told).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(await late).toMatchObject({ reached: 'user-space', conditions: ['no-trace', 'deadline'] });
  print('login: ', 20_000);
  await boot.publish();
  expect(told).toHaveLength(2);
});

it('a deadline waits while the machine is held, and such a boot says that it was', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const { boot, print, told, next } = follow({ kind: 'console', text: 'login: ' });
  boot.begin();
  vi.advanceTimersByTime(9_000);
  boot.hold(true);
  vi.advanceTimersByTime(60_000);
  expect(vi.getTimerCount()).toBe(0);
  boot.hold(false);
  vi.advanceTimersByTime(999);
  const ready = next();
  print('login: ', 69_999);
  expect(await ready).toMatchObject({ reached: 'ready', conditions: ['no-trace', 'paused'] });
  expect(told).toHaveLength(1);
  const late = follow({ kind: 'console', text: 'login: ' });
  late.boot.begin();
  late.boot.hold(true);
  late.boot.hold(false);
  const ended = late.next();
  vi.advanceTimersByTime(10_000);
  expect((await ended).conditions).toEqual(['no-trace', 'paused', 'deadline']);
});

it('a run that ends before it is ready keeps what was seen, and says when the guest rebooted', async () => {
  for (const rebooted of [true, false]) {
    const { boot, told } = follow({ kind: 'automatic' });
    boot.begin();
    await boot.end(rebooted);
    expect(told.at(-1)).toMatchObject({ reached: 'partial', totalMs: 100 });
    expect(told.at(-1)?.conditions.includes('rebooted')).toBe(rebooted);
    expect(vi.getTimerCount()).toBe(0);
    boot.kernelLogged('[    0.100000] Run /init as init process\n');
    expect(told).toHaveLength(1); // nobody listens for a run that is over
  }
});

it('says that QEMU had to read its files from the disk, as that was until user space ran', async () => {
  const { print, next, told } = follow({ kind: 'marker', name: 'up' }, { cold: true });
  const seen = next();
  print('nandu: user space uptime=1\n', 500);
  expect((await seen).conditions).toEqual(['cold', 'no-trace']);
  expect(told).toHaveLength(1);
});

it('keeps the sign with the timeline, also where it never came', async () => {
  const scene = follow({ kind: 'port', port: 80 });
  scene.boot.begin();
  const closed = scene.next();
  vi.advanceTimersByTime(10_000);
  expect(await closed).toMatchObject({ reached: 'partial', sign: 'by port' });
  const told = follow({ kind: 'automatic' });
  const ready = told.next();
  told.boot.agentReady(spawnedAtMs + 700);
  expect(await ready).toMatchObject({ reached: 'ready', sign: 'by automatic' });
});
