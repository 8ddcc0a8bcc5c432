import { afterEach, expect, it, vi } from 'vitest';
import type { BootTimeline, Run, RunEnd } from '../../shared/index.ts';
import { baselineText, readyWords, verdictOf } from './ready-words.ts';
import { sampleBoot, sampleRun } from './sample-runs.ts';
import { summarize, type MeasuredRun } from './statistics.ts';

const ended = (kind: RunEnd['kind']): Partial<Run> => ({
  endedAtMs: 9,
  end: { kind, expected: kind !== 'guest-panic', message: '' },
});
const cutOff = (boot: Partial<BootTimeline>, change: Partial<Run> = {}): Run =>
  sampleRun(8, 2610, {
    boot: sampleBoot(2610, { reached: 'user-space', sign: 'port 80', ...boot }),
    ...change,
  });
const said = (run: Run): string => {
  const { headline, notes } = readyWords(run, null);
  return [headline ?? 'a time', ...notes].join(' ');
};

it('says of a boot without its sign that it was never ready, and gives it no time', () => {
  expect(
    [
      cutOff({ conditions: ['deadline'] }),
      cutOff({ conditions: ['rebooted'] }, ended('guest-reset')),
      cutOff({}, ended('killed')),
      cutOff({}, ended('guest-panic')),
      cutOff({ reached: 'partial' }, ended('guest-panic')),
      cutOff({ reached: 'partial', sign: 'init', conditions: ['deadline'] }),
      sampleRun(8, 2610),
    ].map(said),
  ).toEqual([
    'Never ready Its first process ran after 2.61 s. It counts in no median.',
    'Never ready Its first process ran after 2.61 s. It counts in no median.',
    'Never ready Its first process ran after 2.61 s. The run ended before it was ready by TCP port 80 in the guest. It counts in no median.',
    'Never ready Its first process ran after 2.61 s. The kernel panicked before it was ready. It counts in no median.',
    'Never ready The kernel panicked before its first process ran. It counts in no median.',
    'Not seen to its end',
    'a time',
  ]);
});

afterEach(() => vi.unstubAllEnvs());

it('says what a boot waits for and until when, and no verdict before the end', () => {
  vi.stubEnv('TZ', 'UTC');
  const phases = [{ name: 'qmp' as const, startMs: 0, durationMs: 200 }];
  const startedAtMs = Date.UTC(2026, 10, 29, 15, 14, 3);
  const waiting = cutOff({ phases }, { startedAtMs });
  const words = readyWords(waiting, 30);
  expect([words.headline, ...words.notes]).toEqual([
    ...['Not ready yet', 'Its first process ran after 2.61 s.'],
    'It waits for TCP port 80 in the guest, at most 30 s, until 15:14:33.',
  ]);
  const held = cutOff({ phases, reached: 'partial', conditions: ['paused'] }, { startedAtMs });
  expect(readyWords(held, 30).notes).toEqual([
    'It waits for TCP port 80 in the guest, at most 30 s without the time that it was held.',
  ]);
  expect(readyWords(waiting, null).notes.at(-1)).toBe('It waits for TCP port 80 in the guest.');
  const summary = summarize([sampleRun(1, 800), sampleRun(2, 900)] as MeasuredRun[]);
  expect(verdictOf(waiting, summary, true)).toBeNull();
});

it('holds a boot that was never ready against no median and no baseline', () => {
  const baseline = sampleRun(1, 800, { baseline: true }) as MeasuredRun;
  const summary = summarize([baseline, sampleRun(2, 900) as MeasuredRun]);
  const failed = cutOff({ conditions: ['deadline'] });
  expect([verdictOf(failed, summary, true), baselineText(failed, baseline)]).toEqual([null, '']);
  expect(verdictOf(sampleRun(3, 1000), summary, true)).toEqual({
    ...{ tone: 'slower', text: '150 ms slower than its median' },
  });
  expect(baselineText(sampleRun(3, 1000), baseline)).toBe(
    '+200 ms (+25 %) against the baseline (run 1)',
  );
  expect(baselineText(sampleRun(3, 1000), failed as MeasuredRun)).toContain('was never ready');
});
