import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { machineIdSchema, runIdSchema, type BootTimeline } from '../../shared/index.ts';
import { exportBoot, type ExportedBoot } from './export.ts';

const id = '5f0c7c0e-0f4a-4a52-9a5e-2f6f0f3d2b11';
const boot: BootTimeline = {
  phases: [
    { name: 'process-start', startMs: 0, durationMs: 20.0009765625 },
    { name: 'qmp', startMs: 20.0009765625, durationMs: 5.5 },
    { name: 'user-space', startMs: 25.5009765625, durationMs: 100 },
  ],
  totalMs: 125.5009765625,
  reached: 'ready',
  details: [
    { kind: 'device', name: 'virtio-blk', startMs: 30, durationMs: 1.25 },
    { kind: 'initcall', name: '=HYPERLINK("http://x")', startMs: 31, durationMs: 2 },
    { kind: 'mark', name: 'a,"b"', startMs: 40.125, durationMs: 0 },
  ],
  conditions: ['cold', 'detailed'],
  kernelClockMs: 28,
};
const exported: ExportedBoot = {
  name: 'web "1"',
  run: {
    id: runIdSchema.parse(id),
    machineId: machineIdSchema.parse(id),
    ...{ number: 7, startedAtMs: Date.UTC(2026, 0, 2), endedAtMs: null, accelerator: 'tcg' },
    ...{ qemuVersion: '7.2.22', argv: ['qemu', '-M', 'microvm'], end: null },
    ...{ note: '@SUM(1)', baseline: true, boot },
  },
};

/** A reader of RFC 4180 that knows nothing of the writer. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  for (let found = cell.exec(text); found !== null; found = cell.exec(text)) {
    row.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '');
    if (found[3] === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

describe('exportBoot', () => {
  it('writes JSON that has the timeline, the run and each phase’s source', () => {
    const read = JSON.parse(exportBoot(exported, 'json')) as Record<string, unknown>;
    expect(read).toMatchObject({
      ...{ format: 'nandu-boot', version: 1, machine: 'web "1"', note: '@SUM(1)', baseline: true },
      run: { id, number: 7, startedAt: '2026-01-02T00:00:00.000Z', accelerator: 'tcg' },
      boot,
    });
    expect(JSON.stringify(read)).toContain('QMP’s RESUME');
    expect(parse(exportBoot(exported, 'json'))).toEqual(read); // by a reader of another make
  });

  it('writes CSV of which no cell is a formula', () => {
    const text = exportBoot(exported, 'csv');
    const rows = readCsv(text);
    expect(rows.map((row) => row.length)).toEqual(Array(7).fill(9));
    expect(rows[0]).toEqual([
      ...['kind', 'name', 'title', 'start_ms', 'duration_ms', 'source'],
      ...['machine', 'run', 'started_at'],
    ]);
    expect(rows.slice(1).map((row) => row.slice(6))).toEqual(
      Array(6).fill(['web "1"', '7', '2026-01-02T00:00:00.000Z']),
    );
    expect(rows.slice(1).map((row) => row[1])).toEqual([
      ...['process-start', 'qmp', 'user-space', 'virtio-blk', `'=HYPERLINK("http://x")`, 'a,"b"'],
    ]);
    const sum = rows
      .filter(([kind]) => kind === 'phase')
      .reduce((total, row) => total + Number(row[4]), 0);
    expect(sum).toBe(boot.totalMs);
    expect(rows.flat().filter((cell) => /^[=+\-@\t\r]/.test(cell))).toEqual([]);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });

  it('writes Chrome’s trace events: phases that touch, details on tracks of their own', () => {
    const { traceEvents, otherData } = JSON.parse(exportBoot(exported, 'chrome-trace')) as {
      traceEvents: {
        name: string;
        ph: string;
        pid: number;
        tid: number;
        ts: number;
        dur: number;
      }[];
      otherData: object;
    };
    const spans = traceEvents.filter(({ ph, tid }) => ph === 'X' && tid === 100);
    expect(spans.map(({ name, ts, dur }) => [name, ts, dur])).toEqual([
      ['Process start', 0, 20_001],
      ['Monitor', 20_001, 5_500],
      ['User space', 25_501, 100_000],
    ]);
    expect(traceEvents.filter(({ ph }) => ph === 'i')).toEqual([
      { name: 'a,"b"', cat: 'mark', ph: 'i', s: 't', pid: 1, tid: 500, ts: 40_125 },
    ]);
    const names = traceEvents.filter(({ name, ph }) => ph === 'M' && name === 'thread_name');
    expect(new Set(names.map(({ tid }) => tid))).toEqual(
      new Set(traceEvents.filter(({ ph }) => ph !== 'M').map(({ tid }) => tid)),
    );
    expect(otherData).toMatchObject({ run: id, conditions: 'cold detailed', reached: 'ready' });
  });

  it('puts spans that overlap on tracks of their own, because those of one track have to nest', () => {
    const spans = [
      ['a', 10, 5],
      ['b', 12, 10],
      ['c', 15, 1],
    ] as const;
    const details = spans.map(([name, startMs, durationMs]) => ({
      ...{ kind: 'initcall' as const, name, startMs, durationMs },
    }));
    const text = exportBoot(
      { ...exported, run: { ...exported.run, boot: { ...boot, details } } },
      'chrome-trace',
    );
    const { traceEvents } = JSON.parse(text) as {
      traceEvents: { name: string; ph: string; tid: number; args: { name?: string } }[];
    };
    const tracks = traceEvents.filter(({ ph, tid }) => ph === 'X' && tid >= 400);
    expect(tracks.map(({ name, tid }) => [name, tid])).toEqual([
      ['a', 400],
      ['b', 401],
      ['c', 400],
    ]);
    const names = traceEvents.filter(({ name, tid }) => name === 'thread_name' && tid >= 400);
    expect(names.map(({ args }) => args.name)).toEqual([
      'Kernel’s init functions',
      'Kernel’s init functions (2)',
    ]);
  });
});
