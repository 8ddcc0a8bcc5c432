import { expect, it } from 'vitest';
import { bootOutcome, hasBootTime } from './boot-outcome.ts';
import type { BootTimeline } from './boot.ts';
import type { Run, RunEnd } from './run.ts';

const stopped: RunEnd = { kind: 'stopped', expected: true, message: 'Stopped.' };
const panicked: RunEnd = { kind: 'guest-panic', expected: false, message: 'It panicked.' };
const run = (
  boot: Partial<BootTimeline> | null,
  end: RunEnd | null = null,
): Pick<Run, 'boot' | 'end' | 'endedAtMs'> => ({
  boot: boot && {
    ...{ phases: [], totalMs: 9, reached: 'user-space', details: [], conditions: [] },
    ...{ kernelClockMs: null, sign: 'agent', ...boot },
  },
  ...{ end, endedAtMs: end && 5 },
});

const told = (one: ReturnType<typeof run>): string => `${bootOutcome(one)} ${hasBootTime(one)}`;

it('tells a boot that was never ready from one that is waited for and one that was ready', () => {
  const runs = [
    run(null, stopped),
    run({ reached: 'ready' }),
    run({}),
    run({ reached: 'partial' }),
    run({ conditions: ['deadline'] }),
    run({ conditions: ['rebooted'] }, stopped),
    run({}, stopped),
    run({ reached: 'partial' }, panicked),
    run({ reached: 'partial', sign: 'port 80', conditions: ['deadline'] }),
    // It was kept before signs were: its first process is what it was measured by.
    run({ sign: undefined }, stopped),
  ];
  expect(runs.map(told)).toEqual([
    ...['null false', 'ready true', 'waiting false', 'waiting false', 'never-ready false'],
    ...['never-ready false', 'never-ready false', 'never-ready false', 'never-ready false'],
    'first-process true',
  ]);
});

it('does not call a guest with its own init never ready: it only was not seen', () => {
  const late = run({ reached: 'partial', conditions: ['deadline'] });
  expect([late, run({ reached: 'partial' }, stopped)].map(told)).toEqual([
    ...['unseen false', 'unseen false'],
  ]);
});
