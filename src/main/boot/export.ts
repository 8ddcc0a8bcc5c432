/**
 * Owns the forms in which a boot leaves Nandu: JSON, CSV, and the trace events of Chrome and Perfetto.
 * Pure. Must never let what a guest or a person wrote become a formula or break a format.
 */
import {
  phaseInfo,
  type BootDetail,
  type BootExportFormat,
  type BootTimeline,
  type Run,
} from '../../shared/index.ts';

/** A run that has a timeline, and the name of its machine. */
export interface ExportedBoot {
  readonly run: Run & { readonly boot: BootTimeline };
  readonly name: string;
}

/** @returns the whole file's text. */
export function exportBoot(boot: ExportedBoot, format: BootExportFormat): string {
  switch (format) {
    case 'json':
      return json(boot);
    case 'csv':
      return csv(boot);
    case 'chrome-trace':
      return chromeTrace(boot);
  }
}

/** Times are milliseconds since the process was spawned. */
function json({ run, name }: ExportedBoot): string {
  const { boot, id, number, startedAtMs, accelerator, qemuVersion, argv, note, baseline } = run;
  const content = {
    format: 'nandu-boot',
    version: 1,
    machine: name,
    run: { id, number, startedAt: new Date(startedAtMs).toISOString(), accelerator, qemuVersion },
    ...{ note, baseline, argv },
    boot: {
      ...boot,
      phases: boot.phases.map((phase) => ({ ...phase, ...phaseInfo[phase.name] })),
    },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

const phaseColumns = ['kind', 'name', 'title', 'start_ms', 'duration_ms', 'source'] as const;
/** In each row, so that the files of many boots can be put together. */
const runColumns = ['machine', 'run', 'started_at'] as const;

/** RFC 4180: lines end in CR LF, and a field with a comma, a quotation mark or a line's end is quoted. */
function csv({ run: { boot, number, startedAtMs }, name: machine }: ExportedBoot): string {
  const run = [machine, number, new Date(startedAtMs).toISOString()];
  const rows = [
    ...boot.phases.map(({ name, startMs, durationMs }) => {
      const { title, source } = phaseInfo[name];
      return ['phase', name, title, startMs, durationMs, source];
    }),
    ...boot.details.map(({ kind, name, startMs, durationMs }) => [
      ...[kind, name, '', startMs, durationMs, ''],
    ]),
  ];
  return [[...phaseColumns, ...runColumns], ...rows.map((row) => [...row, ...run])]
    .map((row) => `${row.map(field).join(',')}\r\n`)
    .join('');
}

/**
 * A spreadsheet takes a field that begins like this for a formula, quoted or not; an apostrophe in front
 * makes it text (OWASP, “CSV Injection”). Numbers are ours.
 */
const formula = /^[\s]*[=+\-@|%\t\r]/;

function field(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const safe = formula.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The first track of each kind. Spans of one track must nest or follow each other, so a kind has as many as it needs. */
const tracks = { phase: 100, device: 200, kernel: 300, initcall: 400, mark: 500 } as const;
const trackNames: Record<keyof typeof tracks, string> = {
  phase: 'Phases',
  device: 'Devices',
  kernel: 'Kernel',
  initcall: 'Kernel’s init functions',
  mark: 'Marks',
};

/**
 * “Trace Event Format” (Google, 2016), which Perfetto's UI imports: times in microseconds, `X` a span,
 * `i` an instant, `M` names.
 */
function chromeTrace({ run, name }: ExportedBoot): string {
  const { boot } = run;
  const place = (kind: keyof typeof tracks, lane = 0): { pid: number; tid: number } => ({
    ...{ pid: 1, tid: tracks[kind] + lane },
  });
  const micros = (ms: number): number => Math.round(ms * 1000);
  const details = withLanes(boot.details);
  const kinds = Object.keys(tracks) as (keyof typeof tracks)[];
  const used = kinds.flatMap((kind) => {
    const lanes = new Set(
      details.flatMap(({ detail, lane }) => (detail.kind === kind ? lane : [])),
    );
    if (kind === 'phase') lanes.add(0);
    return [...lanes].toSorted((a, b) => a - b).map((lane) => [kind, lane] as const);
  });
  const traceEvents = [
    {
      ...{ name: 'process_name', ph: 'M', pid: 1, tid: 0, ts: 0 },
      args: { name: `${name}, run ${run.number}` },
    },
    ...used.flatMap(([kind, lane]) => {
      const at = { ph: 'M', ...place(kind, lane), ts: 0 };
      const title = lane === 0 ? trackNames[kind] : `${trackNames[kind]} (${lane + 1})`;
      return [
        { name: 'thread_name', ...at, args: { name: title } },
        { name: 'thread_sort_index', ...at, args: { sort_index: at.tid } },
      ];
    }),
    ...boot.phases.map((phase) => {
      const { title, explanation, source } = phaseInfo[phase.name];
      const start = micros(phase.startMs);
      // Both ends are rounded, not the length: neighbours then touch.
      const dur = micros(phase.startMs + phase.durationMs) - start;
      const args = { phase: phase.name, explanation, source };
      return { name: title, cat: 'phase', ph: 'X', ...place('phase'), ts: start, dur, args };
    }),
    ...details.map(({ detail, lane }) => {
      const common = { name: detail.name, cat: detail.kind, ...place(detail.kind, lane) };
      const start = micros(detail.startMs);
      return detail.kind === 'mark'
        ? { ...common, ph: 'i', s: 't', ts: start }
        : {
            ...common,
            ph: 'X',
            ts: start,
            dur: micros(detail.startMs + detail.durationMs) - start,
          };
    }),
  ];
  const otherData = {
    ...{ machine: name, run: run.id, startedAt: new Date(run.startedAtMs).toISOString() },
    ...{ qemuVersion: run.qemuVersion, accelerator: run.accelerator },
    ...{ reached: boot.reached, conditions: boot.conditions.join(' '), totalMs: boot.totalMs },
  };
  return `${JSON.stringify({ displayTimeUnit: 'ms', otherData, traceEvents }, null, 1)}\n`;
}

/**
 * Puts each span on the first lane of its kind where the one before it has ended: what a format of nested
 * calls would take for an error is shown side by side.
 */
function withLanes(
  details: BootTimeline['details'],
): readonly { readonly detail: BootDetail; readonly lane: number }[] {
  const endsMs = new Map<BootDetail['kind'], number[]>();
  return details
    .toSorted((a, b) => a.startMs - b.startMs)
    .map((detail) => {
      const ends = endsMs.get(detail.kind) ?? [];
      endsMs.set(detail.kind, ends);
      const free = ends.findIndex((endMs) => endMs <= detail.startMs);
      const lane = free === -1 ? ends.length : free;
      ends[lane] = detail.startMs + detail.durationMs;
      return { detail, lane };
    });
}
