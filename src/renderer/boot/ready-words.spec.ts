import { expect, it } from 'vitest';
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
  const { headline, notes } = readyWords(run);
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
