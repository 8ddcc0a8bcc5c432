import { expect, it } from 'vitest';
import type { BootTimeline, PhaseName } from '../../shared/index.ts';
import { candidatesFor, comparePhases, headlineOf, totalDifference, unlike } from './comparison.ts';
import { sampleBoot, sampleRun } from './sample-runs.ts';
import { isMeasured, type MeasuredRun } from './statistics.ts';

function bootOf(durations: Partial<Record<PhaseName, number>>): BootTimeline {
  let startMs = 0;
  const phases = Object.entries(durations).map(([name, durationMs]) => {
    const phase = { name: name as PhaseName, startMs, durationMs };
    startMs += durationMs;
    return phase;
  });
  return sampleBoot(startMs, { phases });
}
const whole = { 'process-start': 50, qmp: 10, firmware: 20, 'kernel-load': 30 };
const elf = bootOf({ ...whole, kernel: 400, 'user-space': 90 });
const told = (before: BootTimeline, after: BootTimeline) =>
  comparePhases(before, after).map(({ name, deltaMs, includes }) =>
    [name, deltaMs ?? '–', ...includes].join(' '),
  );

it('takes a phase that a boot does not have for no time', () => {
  const bzImage = bootOf({ ...whole, decompression: 700, kernel: 410, 'user-space': 80 });
  expect(told(bzImage, elf)).toEqual([
    ...['process-start 0', 'qmp 0', 'firmware 0', 'kernel-load 0'],
    ...['decompression -700', 'kernel -10', 'user-space 10'],
  ]);
  const differences = comparePhases(bzImage, elf).map(({ deltaMs }) => deltaMs ?? 0);
  expect(differences.reduce((a, b) => a + b)).toBe(elf.totalMs - bzImage.totalMs);
});

it('gives no difference that one of them does not tell apart', () => {
  const untraced = bootOf({ 'process-start': 50, qmp: 10, kernel: 450, 'user-space': 90 });
  expect(told(elf, untraced)).toEqual([
    ...['process-start 0', 'qmp 0', 'firmware –', 'kernel-load –'],
    ...['kernel 50 firmware kernel-load', 'user-space 0'],
  ]);
  expect(told(untraced, untraced)).toContain('firmware –');
  const unmarked = bootOf({ ...whole, 'user-space': 490 });
  expect(told(unmarked, elf).slice(-2)).toEqual(['kernel –', 'user-space -400 kernel']);
});

it('leaves out what a partial boot never came to', () => {
  const partial: BootTimeline = { ...bootOf({ 'process-start': 50, qmp: 12 }), reached: 'partial' };
  expect(told(partial, elf)).toEqual([
    ...['process-start 0', 'qmp -2', 'firmware –', 'kernel-load –', 'kernel –', 'user-space –'],
  ]);
});

it('does not hold a kernel that ended with the sign against one that ended with its first process', () => {
  const early = bootOf({ ...whole, kernel: 50 });
  expect(told(early, elf).slice(-2)).toEqual(['kernel –', 'user-space –']);
  expect(told(early, bootOf({ ...whole, kernel: 60 })).slice(-2)[0]).toBe('kernel 10');
});

it('gives no difference of totals where one of two boots was never ready', () => {
  const failed = sampleRun(8, 2610, {
    boot: {
      ...bootOf({ ...whole, kernel: 420 }),
      ...{ reached: 'user-space', conditions: ['deadline'] },
    },
  }) as MeasuredRun;
  const ready = sampleRun(13, 600, { boot: elf }) as MeasuredRun;
  const said = (before: MeasuredRun, after: MeasuredRun) =>
    headlineOf(before, after, ({ number }) => `Run ${number}`).text;
  expect([totalDifference(failed, ready), totalDifference(ready, failed)]).toEqual([null, null]);
  expect([said(failed, ready), said(ready, failed), said(failed, failed)]).toEqual([
    ...['Run 8 was never ready', 'Run 8 was never ready', 'Neither was ever ready'],
  ]);
  expect(unlike(failed, ready)).toContain('totals cannot be compared');
  // What both came to the end of is compared.
  expect(told(failed.boot, ready.boot)).toEqual([
    ...['process-start 0', 'qmp 0', 'firmware 0', 'kernel-load 0', 'kernel -20', 'user-space –'],
  ]);
  const container = bootOf({ ...whole, kernel: 400, initrd: 60, 'user-space': 90 });
  expect(told(failed.boot, container).slice(-2)).toEqual(['initrd –', 'user-space –']);
  const faster = sampleRun(14, 540, { boot: { ...elf, totalMs: 540 } }) as MeasuredRun;
  expect(said(ready, faster)).toBe('60 ms (10 %) faster');
  expect(said(ready, ready)).toBe('As fast as the other');
});

it('offers the baseline, the run before, and the one nearest to the middle', () => {
  const runs = [
    sampleRun(1, 900, { baseline: true }),
    sampleRun(2, 800),
    sampleRun(3, 820),
    sampleRun(4, 5000, { boot: sampleBoot(5000, { conditions: ['detailed'] }) }),
    sampleRun(5, 700),
    sampleRun(6, 990),
  ].filter(isMeasured);
  const found = candidatesFor(runs, runs[4] as MeasuredRun);
  expect(Object.entries(found).map(([name, run]) => `${name} ${run?.number}`)).toEqual([
    ...['baseline 1', 'previous 3', 'median 3'],
  ]);
  expect(candidatesFor(runs, runs[3] as MeasuredRun)).toMatchObject({ previous: { number: 3 } });
  expect(candidatesFor(runs.slice(0, 1), runs[0] as MeasuredRun)).toEqual({
    ...{ baseline: null, previous: null, median: null },
  });
  expect(unlike(runs[0] as MeasuredRun, runs[1] as MeasuredRun)).toBeNull();
  expect(unlike(runs[0] as MeasuredRun, runs[3] as MeasuredRun)).toContain('steps');
  const byPort = sampleRun(8, 990, { boot: sampleBoot(990, { sign: 'port 80' }) });
  const byMark = sampleRun(9, 990, { boot: sampleBoot(990, { sign: 'marker up' }) });
  expect(unlike(byPort as MeasuredRun, byMark as MeasuredRun)).toBe(
    'They were ready by different signs: one by TCP port 80 in the guest, the other by the line “nandu: mark up” on the console.',
  );
  expect(unlike(runs[0] as MeasuredRun, byPort as MeasuredRun)).toContain('not recorded');
  const loaded = sampleRun(7, 990, { boot: sampleBoot(990, { conditions: ['loaded'] }) });
  expect(unlike(runs[0] as MeasuredRun, loaded as MeasuredRun)).toBe(
    'One of them did not run undisturbed: a small difference may be chance.',
  );
  expect(unlike(loaded as MeasuredRun, loaded as MeasuredRun)).toBe(
    'Neither ran undisturbed: a small difference may be chance.',
  );
});
