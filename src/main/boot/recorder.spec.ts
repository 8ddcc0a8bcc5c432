import { describe, expect, it } from 'vitest';
import { bootTimelineSchema, type BootTimeline } from '../../shared/index.ts';
import { BootRecorder } from './recorder.ts';
import type { TraceEvent } from './trace.ts';

/** `[name, start, duration]` rounded to 0.1 ms. */
const rows = ({ phases }: BootTimeline): [string, number, number][] =>
  phases.map(({ name, startMs, durationMs }) => [name, round(startMs), round(durationMs)]);
const round = (ms: number): number => Math.round(ms * 10) / 10;

function expectContiguous(timeline: BootTimeline): void {
  let endMs = 0;
  for (const { startMs, durationMs } of timeline.phases) {
    expect(startMs).toBe(endMs);
    expect(durationMs).toBeGreaterThanOrEqual(0);
    endMs = startMs + durationMs;
  }
  expect(timeline.totalMs).toBe(endMs);
  expect(timeline.phases.reduce((sum, phase) => sum + phase.durationMs, 0)).toBe(endMs);
  expect(bootTimelineSchema.parse(timeline)).toEqual(timeline);
}

describe('missing marks', () => {
  const select = (atMs: number): TraceEvent => ({
    kind: 'fw-cfg-select',
    atMs,
    key: 0x14,
    name: 'cmdline_size',
  });
  const cases: [string, (recorder: BootRecorder) => void, unknown[], BootTimeline['reached']][] = [
    ['nothing', () => undefined, [], 'partial'],
    ['RESUME only', (r) => r.resumed(1100), [['qemu-start', 0, 100]], 'partial'],
    [
      'no trace: the kernel starts at RESUME',
      (r) => {
        r.resumed(1100);
        r.userSpace(3000);
        r.ready(3500);
      },
      [
        ['qemu-start', 0, 100],
        ['kernel', 100, 1900],
        ['user-space', 2000, 500],
      ],
      'ready',
    ],
    [
      'no user-space mark: the kernel lasts until ready',
      (r) => {
        r.resumed(1100);
        r.trace(select(1110));
        r.trace(select(1120));
        r.ready(3500);
      },
      [
        ['qemu-start', 0, 100],
        ['firmware', 100, 10],
        ['kernel-load', 110, 10],
        ['kernel', 120, 2380],
      ],
      'ready',
    ],
    [
      'no RESUME: QEMU start lasts until the first kernel key',
      (r) => {
        r.trace(select(1110));
        r.userSpace(3000);
      },
      [
        ['qemu-start', 0, 110],
        ['kernel-load', 110, 0],
        ['kernel', 110, 1890],
      ],
      'user-space',
    ],
    ['ready alone', (r) => r.ready(3500), [['kernel', 0, 2500]], 'ready'],
    ['not a number', (r) => r.ready(Number.NaN), [], 'partial'],
  ];
  it.each(cases)('%s', (_name, mark, expected, reached) => {
    const recorder = new BootRecorder(1000);
    mark(recorder);
    const timeline = recorder.timeline();
    expectContiguous(timeline);
    expect(rows(timeline)).toEqual(expected);
    expect(timeline.reached).toBe(reached);
  });

  it('keeps the first RESUME and ready, and the last user-space mark', () => {
    const recorder = new BootRecorder(1000);
    recorder.resumed(1100);
    recorder.resumed(9000);
    recorder.userSpace(2900);
    recorder.userSpace(3000);
    recorder.ready(3500);
    recorder.ready(9500);
    expect(rows(recorder.timeline())).toEqual([
      ['qemu-start', 0, 100],
      ['kernel', 100, 1900],
      ['user-space', 2000, 500],
    ]);
  });
});

describe('clocks', () => {
  it('moves a mark up that is slightly early', () => {
    const recorder = new BootRecorder(1000);
    recorder.resumed(998.5);
    recorder.userSpace(3000);
    recorder.ready(2990);
    const timeline = recorder.timeline();
    expectContiguous(timeline);
    expect(timeline).toEqual({
      phases: [
        { name: 'qemu-start', startMs: 0, durationMs: 0 },
        { name: 'kernel', startMs: 0, durationMs: 1990 },
        { name: 'user-space', startMs: 1990, durationMs: 0 },
      ],
      totalMs: 1990,
      reached: 'ready',
    });
  });

  it('does not take a late look at the console for a clock set back', () => {
    const recorder = new BootRecorder(1000);
    recorder.resumed(1100);
    recorder.userSpace(8000); // read 5 s late on a busy host
    recorder.ready(3000);
    expect(recorder.timeline()).toMatchObject({ totalMs: 2000, reached: 'ready' });
  });

  it.each([
    { set: 'before RESUME', marks: [-59_000, -57_000, -56_000] as const, phases: 0 },
    { set: 'in the kernel', marks: [1100, -57_000, -56_000] as const, phases: 1 },
    { set: 'in user space', marks: [1100, 63_000, 2000] as const, phases: 2 },
  ])(
    'ends the timeline when the clock was set back $set',
    ({ marks: [resumed, userSpace, ready], phases }) => {
      const recorder = new BootRecorder(1000);
      recorder.resumed(resumed);
      recorder.userSpace(userSpace);
      recorder.ready(ready);
      const timeline = recorder.timeline();
      expectContiguous(timeline);
      expect(timeline.phases).toHaveLength(phases);
      expect(timeline.reached).toBe('partial');
    },
  );

  it('adds up exactly for any fractions', () => {
    let seed = 42;
    const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
    for (let round = 0; round < 500; round++) {
      const spawned = 1.79e12 + random() * 1e9;
      const recorder = new BootRecorder(spawned);
      recorder.resumed(spawned + random() * 300);
      recorder.trace({
        kind: 'fw-cfg-select',
        atMs: spawned + 300 + random() * 9,
        key: 8,
        name: '',
      });
      recorder.trace({
        kind: 'fw-cfg-select',
        atMs: spawned + 310 + random() * 9,
        key: 8,
        name: '',
      });
      recorder.userSpace(spawned + 1000 + random() * 2000);
      recorder.ready(spawned + 3000 + random() * 1000);
      expectContiguous(recorder.timeline());
    }
  });
});
