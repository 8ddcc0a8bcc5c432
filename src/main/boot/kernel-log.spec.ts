import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseKernelLog, placeKernelLog } from './kernel-log.ts';

const real = readFileSync(
  new URL('fixtures/debian-6.1-initcall.dmesg.txt', import.meta.url),
  'latin1',
);

describe('a real kernel’s log', () => {
  it('gives named stretches and the longest init functions, in order', () => {
    const log = parseKernelLog(real);
    // 371 ms were lost of “Clocks and memory”, while the kernel patched itself.
    const rows = log
      .filter(({ kind }) => kind === 'kernel')
      .map(({ name, startSeconds, durationSeconds }) => [
        ...[name, Number(startSeconds.toFixed(6)), Math.round(durationSeconds * 1000)],
      ]);
    expect(rows).toEqual([
      ['Early setup', 0, 258],
      ['Clocks and memory', 0.257731, 409],
      ['Other processors', 0.6668, 0],
      ['Init functions', 0.66695, 1072],
      ['Unpacking the initrd', 1.094097, 80],
      ['Freeing memory', 1.738897, 155],
    ]);
    const initcalls = log.filter(({ kind }) => kind === 'initcall');
    expect(initcalls.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['crypto_kdf108_init', 'virtio_blk_init [virtio_blk]']),
    );
    const starts = initcalls.map(({ startSeconds }) => startSeconds);
    expect(starts).toEqual(starts.toSorted((one, other) => one - other));
  });

  it('is read with levels and with the callers’ numbers as well', () => {
    const levels = real
      .replaceAll(/^\[/gm, '<7>[')
      .replaceAll(/^(<7>\[ *[\d.]+\])/gm, '$1[    T1]');
    expect(parseKernelLog(levels)).toEqual(parseKernelLog(real));
  });
});

it('takes the lines’ own times, for the kernel’s microseconds are ticks in the beginning', () => {
  const log = parseKernelLog(
    '[    0.100000] calling  slow_init+0x0/0x1b @ 1\n' +
      '[    0.102500] initcall slow_init+0x0/0x1b returned 0 after 4000 usecs\n' +
      '[    0.110000] initcall unseen_init+0x0/0x1b [some-module] returned -19 after 8000 usecs\n',
  );
  expect(placeKernelLog(log, 50)).toEqual([
    { kind: 'initcall', name: 'slow_init', startMs: 150, durationMs: 2.5 },
    { kind: 'initcall', name: 'unseen_init [some-module]', startMs: 152, durationMs: 8 },
  ]);
  expect(placeKernelLog(log, null)).toEqual([]);
});

it.each([
  ['nothing lost', '(1, 1)->(1, 1)'],
  ['an hour', '(0, 0)->(3600000000000, -3600000000000)'],
  ['no numbers', '(a, b)->(c, d)'],
])('moves nothing for %s', (_name, numbers) => {
  const log = (said: string): unknown =>
    parseKernelLog(
      `[ 0.100000] smp: Bringing up secondary CPUs\n[ 0.200000] smp: Brought up 1\n[ 0.300000] ${said}\n`,
    );
  expect(log(`sched_clock: Marking stable ${numbers}`)).toEqual(log('nothing'));
});

it('places no step of the kernel after its first process', () => {
  const step = (startSeconds: number, durationSeconds: number) =>
    ({ kind: 'kernel', name: 'Freeing memory', startSeconds, durationSeconds }) as const;
  const startOf = (endMs: number) => placeKernelLog([step(0.1, 0.05)], 50, endMs)[0]?.startMs;
  expect([startOf(300), startOf(184), startOf(100)]).toEqual([150, 134, 50]);
});

it.each([
  ['nothing', ''],
  ['no times', 'calling  a+0x0/0x1 @ 1\ninitcall a+0x0/0x1 returned 0 after 5000 usecs\n'],
  ['binary', '\u0000\u00ff[    0.1]\n[[[['],
  [
    'an end before its beginning',
    '[ 2.000000] smp: Bringing up secondary CPUs\n[ 1.000000] smp: Brought up 1\n',
  ],
  [
    'a function before time began',
    '[    0.000001] initcall a+0x0/0x1 returned 0 after 5000 usecs\n',
  ],
  ['a name with a formula', '[    1.000000] initcall =a()+0x0/0x1 returned 0 after 5000 usecs\n'],
])('%s is no stretch', (_name, text) => {
  expect(parseKernelLog(text)).toEqual([]);
});

it('keeps what a module’s function took, however many others took longer', () => {
  const line = (name: string, micros: number): string =>
    `[   99.000000] initcall ${name} returned 0 after ${micros} usecs`;
  const lines = [
    ...Array.from({ length: 60 }, (_, at) => line(`f${at}+0x0/0x1`, 20_000)),
    ...Array.from({ length: 30 }, (_, at) => line(`m${at}+0x0/0x1 [m${at}]`, 1_000 + at)),
  ];
  const names = parseKernelLog(lines.join('\n')).map(({ name }) => name);
  const ofModules = names.filter((name) => name.endsWith(']'));
  expect([names.length, ofModules.length]).toEqual([60, 20]);
  expect(ofModules).toContain('m29 [m29]');
});

it('keeps the 40 longest of any number, quickly, from a guest of ill will', () => {
  const lines = Array.from(
    { length: 60_000 },
    (_, at) => `[   99.000000] initcall f${at}+0x0/0x1 returned 0 after ${1000 + at} usecs`,
  );
  const started = performance.now();
  const log = parseKernelLog(lines.join('\n'));
  expect(log).toHaveLength(40);
  expect(log.map(({ name }) => name)).toContain('f59999');
  parseKernelLog('[    1.000000] calling  '.repeat(200_000));
  parseKernelLog(`[    1.000000] initcall ${'a.'.repeat(2_000_000)}`);
  expect(performance.now() - started).toBeLessThan(3_000);
});
