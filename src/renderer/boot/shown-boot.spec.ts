import { expect, it } from 'vitest';
import type { BootTimeline, Phase, PhaseName, Run, RunEnd } from '../../shared/index.ts';
import { rowLabel } from './boot-words.ts';
import { sampleBoot, sampleRun } from './sample-runs.ts';
import { phaseWords, shownBoot, type ShownBoot } from './shown-boot.ts';
import { timelineRows } from './timeline-rows.ts';

const phases: Phase[] = [
  { name: 'process-start', startMs: 0, durationMs: 100 },
  { name: 'kernel-load', startMs: 100, durationMs: 50 },
];
const kernel: Phase = { name: 'kernel', startMs: 150, durationMs: 2000 };
const ended = (kind: RunEnd['kind'], afterMs: number): Partial<Run> => ({
  endedAtMs: 1000 + afterMs,
  end: { kind, expected: kind !== 'guest-panic', message: '' },
});
function shown(totalMs: number, boot: Partial<BootTimeline>, change: Partial<Run> = {}): ShownBoot {
  const own = sampleBoot(totalMs, { reached: 'user-space', sign: 'port 80', ...boot });
  return shownBoot({ ...sampleRun(1, totalMs, { startedAtMs: 1000, ...change }), boot: own });
}
const rowsOf = (boot: ShownBoot, ...open: PhaseName[]): string[] =>
  timelineRows(boot, new Set(open)).map(({ title, unfinished, startMs, durationMs }) =>
    [title, startMs, durationMs, ...(unfinished ? ['unfinished'] : [])].join(' '),
  );

it('draws the kernel of a boot that panicked up to the end of the run', () => {
  const boot = shown(150, { phases, reached: 'partial' }, ended('guest-panic', 2250));
  expect(rowsOf(boot)).toEqual([
    ...['Process start 0 100', 'Kernel load 100 50', 'Kernel 150 2100 unfinished'],
  ]);
  expect(boot.totalMs).toBe(2250);
  expect(
    timelineRows(boot, new Set())
      .map((row) => rowLabel(boot, row))
      .at(-1),
  ).toBe(
    'Kernel: 2.10 s, unfinished, at 150 ms. The kernel sets itself up, until it runs the first process.',
  );
  expect(phaseWords(boot, 'kernel')).toMatchObject({ label: 'Unfinished' });
});

it('files what came after the last phase that ended under the one that did not, and within the axis', () => {
  const late = { kind: 'mark', name: 'up', startMs: 2500, durationMs: 0 } as const;
  const early = { kind: 'device', name: 'virtio-rng', startMs: 300, durationMs: 9 } as const;
  const boot = shown(2150, {
    ...{ phases: [...phases, kernel], details: [early, late], conditions: ['deadline'] },
  });
  expect(rowsOf(boot, 'kernel', 'user-space').slice(2)).toEqual([
    ...['Kernel 150 2000', 'virtio-rng 300 9', 'User space 2150 350 unfinished', 'up 2500 0'],
  ]);
  expect(boot.totalMs).toBe(2500);
  const cutOff: Partial<BootTimeline> = {
    ...{ phases: [...phases, kernel], details: [late], conditions: ['rebooted'] },
  };
  const rebooted = shown(2150, cutOff, ended('guest-reset', 3000));
  expect([rebooted.unfinished, rebooted.totalMs]).toEqual(['user-space', 3000]);
  // Beside another boot the rest of the run would leave no room.
  const run = sampleRun(1, 2150, { startedAtMs: 1000, ...ended('guest-reset', 60_000) });
  const own = sampleBoot(2150, { reached: 'user-space', ...cutOff });
  expect(shownBoot({ ...run, boot: own }, false).totalMs).toBe(2500);
});

it('draws no further than was seen where a run went on after its deadline, or ended unseen', () => {
  const hour = 3_600_000;
  const whole = { phases: [...phases, kernel] };
  const boots = [
    shown(2150, { ...whole, conditions: ['deadline'] }, ended('stopped', hour)),
    shown(2150, whole, ended('lost', hour)),
    // A guest with its own init was ready long ago, for all that is known.
    shown(150, { phases, reached: 'partial', sign: 'init' }, ended('stopped', hour)),
    shown(2150, whole),
  ];
  expect(boots.map(({ totalMs, unfinished }) => `${totalMs} ${unfinished ?? '–'}`)).toEqual([
    ...['2150 –', '2150 –', '150 –', '2150 –'],
  ]);
  expect(shown(2150, { ...whole, reached: 'ready' })).toEqual(
    sampleBoot(2150, { ...whole, sign: 'port 80' }),
  );
});

it('does not say of a kernel that ended with the sign of readiness that its first process ran', () => {
  const boot = shown(2150, {
    ...{ phases: [...phases, kernel], reached: 'ready', sign: 'console Linux version' },
  });
  expect(phaseWords(boot, 'kernel')).toEqual({
    explanation:
      'The kernel sets itself up; its first process was not seen before the machine was ready.',
    source: 'Ends with the sign of readiness: the text “Linux version” on the console.',
    label: 'Its sign of readiness',
  });
  expect(phaseWords(boot, 'process-start').label).toBe('Nandu’s clock, ±1 ms');
});
