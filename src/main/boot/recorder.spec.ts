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
    ['RESUME only', (r) => r.resumed(1100), [['process-start', 0, 100]], 'partial'],
    [
      'no trace: the kernel starts at RESUME',
      (r) => {
        r.resumed(1100);
        r.userSpace(3000);
        r.ready(3500);
      },
      [
        ['process-start', 0, 100],
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
        ['process-start', 0, 100],
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
        ['process-start', 0, 110],
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
      ['process-start', 0, 100],
      ['kernel', 100, 1900],
      ['user-space', 2000, 500],
    ]);
  });
});

describe('a container from a bzImage', () => {
  const boot = (mark: (recorder: BootRecorder) => void): BootTimeline => {
    const recorder = new BootRecorder(1000);
    recorder.greeted(1040);
    recorder.resumed(1060);
    for (const atMs of [1070, 1080]) {
      recorder.trace({ kind: 'fw-cfg-select', atMs, key: 0x14, name: '' });
    }
    recorder.userSpace(3000);
    mark(recorder);
    expectContiguous(recorder.timeline());
    return recorder.timeline();
  };

  it('has all eight phases', () => {
    const timeline = boot((recorder) => {
      recorder.kernelClock(1800, true);
      recorder.agentOpened(3100);
      recorder.agentOpened(9000);
      recorder.ready(3250);
    });
    expect(rows(timeline)).toEqual([
      ['process-start', 0, 40],
      ['qmp', 40, 20],
      ['firmware', 60, 10],
      ['kernel-load', 70, 10],
      ['decompression', 80, 720],
      ['kernel', 800, 1200],
      ['initrd', 2000, 100],
      ['user-space', 2100, 150],
    ]);
    expect(timeline.kernelClockMs).toBe(800);
  });

  it('does not believe a clock that started before the kernel was there, or an agent after the end', () => {
    const timeline = boot((recorder) => {
      recorder.kernelClock(1075, true);
      recorder.agentOpened(3300);
      recorder.ready(3250);
    });
    expect(rows(timeline).slice(4)).toEqual([
      ['kernel', 80, 1920],
      ['user-space', 2000, 250],
    ]);
  });

  it('has no decompression when the kernel is an ELF', () => {
    const { phases } = boot((recorder) => recorder.kernelClock(1100, false));
    expect(phases.map(({ name }) => name)).not.toContain('decompression');
  });

  it('has reached user space when only its agent was seen after that', () => {
    const { reached, phases } = boot((recorder) => recorder.agentOpened(3100));
    expect([reached, phases.at(-1)?.name]).toEqual(['user-space', 'initrd']);
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
    expect(timeline).toMatchObject({
      phases: [
        { name: 'process-start', startMs: 0, durationMs: 0 },
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
