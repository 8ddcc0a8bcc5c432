import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bootTimelineSchema, type BootTimeline } from '../../shared/index.ts';
import { BootRecorder } from './recorder.ts';
import { parseTrace, type TraceEvent } from './trace.ts';

const fixture = (name: string): TraceEvent[] =>
  parseTrace(readFileSync(new URL(`fixtures/${name}.trace.txt`, import.meta.url)));

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

/** Fixture, spawn, RESUME, user space, ready: as measured when the trace was recorded. */
const boots = [
  {
    name: 'qboot-elf',
    marks: [1795493083706.177, 1795493084059.541, 1795493086764.684, 1795493087061.762],
    rows: [
      ['process-start', 0, 353.4],
      ['firmware', 353.4, 12.9],
      ['kernel-load', 366.3, 19.9],
      ['kernel', 386.3, 2672.3],
      ['user-space', 3058.5, 297.1],
    ],
  },
  {
    name: 'qboot-elf-acpi-off',
    marks: [1795493087101.006, 1795493087144.276, 1795493089748.533, 1795493090042.743],
    rows: [
      ['process-start', 0, 43.3],
      ['firmware', 43.3, 1.7],
      ['kernel-load', 44.9, 0.7],
      ['kernel', 45.7, 2601.9],
      ['user-space', 2647.5, 294.2],
    ],
  },
  {
    name: 'qboot-bzimage',
    marks: [1795493090091.249, 1795493090160.889, 1795493093291.123, 1795493093644.236],
    rows: [
      ['process-start', 0, 69.6],
      ['firmware', 69.6, 2.7],
      ['kernel-load', 72.4, 5.4],
      ['kernel', 77.8, 3122.1],
      ['user-space', 3199.9, 353.1],
    ],
  },
  {
    // SeaBIOS drives the disk (status 3, 11, 15) before linuxboot_dma.bin asks for the kernel.
    name: 'seabios-bzimage',
    marks: [1795493864261.921, 1795493864389.667, 1795493868011.547, 1795493868378.604],
    rows: [
      ['process-start', 0, 127.7],
      ['firmware', 127.7, 66.1],
      ['kernel-load', 193.8, 61.1],
      ['kernel', 255, 3494.7],
      ['user-space', 3749.6, 367.1],
    ],
  },
  {
    // pvh.bin reads the command line first and the entry last.
    name: 'seabios-elf',
    marks: [1795493249700.545, 1795493249852.39, 1795493255417.326, 1795493255804.379],
    rows: [
      ['process-start', 0, 151.8],
      ['firmware', 151.8, 336.6],
      ['kernel-load', 488.5, 13.2],
      ['kernel', 501.7, 5215.1],
      ['user-space', 5716.8, 387.1],
    ],
  },
] as const;

describe('a recorded boot', () => {
  it.each(boots)('$name has all phases', ({ name, marks, rows: expected }) => {
    const [spawned, resumed, userSpace, ready] = marks;
    const recorder = new BootRecorder(spawned);
    recorder.resumed(resumed);
    recorder.userSpace(userSpace);
    recorder.ready(ready);
    for (const event of fixture(name)) recorder.trace(event);
    const timeline = recorder.timeline();
    expectContiguous(timeline);
    expect(timeline.reached).toBe('ready');
    expect(rows(timeline)).toEqual(expected);
  });

  it.each(boots)('$name ends its kernel load before the Linux driver reads fw_cfg', (boot) => {
    const recorder = new BootRecorder(boot.marks[0]);
    for (const event of fixture(boot.name)) recorder.trace(event);
    const timeline = recorder.timeline();
    expectContiguous(timeline);
    expect(timeline.reached).toBe('partial');
    expect(rows(timeline)).toEqual(boot.rows.slice(0, 3));
  });

  it('counts a trace once that is handed over again as it grows, in any order', () => {
    const events = fixture('qboot-elf');
    const once = new BootRecorder(1795493083706.177);
    for (const event of events) once.trace(event);
    const again = new BootRecorder(1795493083706.177);
    for (let length = 0; length <= events.length; length++) {
      for (const event of events.slice(0, length).reverse()) again.trace(event);
    }
    expect(again.timeline()).toEqual(once.timeline());
  });

  it('ignores kernel keys that a guest reads once it runs', () => {
    const events = fixture('qboot-elf');
    const kernelKey = (atMs: number): TraceEvent => ({
      kind: 'fw-cfg-select',
      atMs,
      key: 0x11,
      name: 'kernel_data',
    });
    const recorder = new BootRecorder(1795493083706.177);
    // Between the driver's probe and user space, and after that; last a flood.
    for (const event of [...events, kernelKey(1795493087060)]) recorder.trace(event);
    for (let index = 0; index < 20_000; index++) recorder.trace(kernelKey(1795493087070 + index));
    expect(round(recorder.timeline().totalMs)).toBe(386.3);
    const quietKernel = new BootRecorder(0);
    quietKernel.trace({ kind: 'runstate', atMs: 10, from: 'prelaunch', to: 'running' });
    quietKernel.trace(kernelKey(20));
    quietKernel.trace(kernelKey(2000));
    quietKernel.userSpace(1500);
    expect(rows(quietKernel.timeline())).toEqual([
      ['process-start', 0, 10],
      ['firmware', 10, 10],
      ['kernel-load', 20, 0],
      ['kernel', 20, 1480],
    ]);
  });
});
