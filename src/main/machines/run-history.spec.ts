import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import {
  defaultSpec,
  machineIdSchema,
  runIdSchema,
  type BootTimeline,
  type MachineSpec,
  type Run,
} from '../../shared/index.ts';
import { MachineRepository, openDatabase, RunRepository, type NewRun } from '../store/index.ts';
import { Machine, type MachineHost } from './machine.ts';
import { stampBootFiles } from './boot-files.ts';
import { RunHistory } from './run-history.ts';

const spec: MachineSpec = { ...defaultSpec, name: 'web' };
const boot: BootTimeline = {
  phases: [{ name: 'process-start', startMs: 0, durationMs: 5 }],
  ...{ totalMs: 5, reached: 'partial', details: [], conditions: [], kernelClockMs: null },
};

function scene(): {
  folder: string;
  history: RunHistory;
  runs: RunRepository;
  machine: Machine;
  start: (over?: Partial<Run & Pick<NewRun, 'spec' | 'bootFiles'>>) => Run;
} {
  const folder = mkdtempSync(join(tmpdir(), 'nandu-history-'));
  const database = openDatabase({ path: join(folder, 'nandu.db') });
  onTestFinished(() => {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const id = machineIdSchema.parse(randomUUID());
  const definition = { id, spec, previousSpec: null, createdAtMs: 1 };
  new MachineRepository(database).create(definition);
  const runs = new RunRepository(database);
  const start: ReturnType<typeof scene>['start'] = (over) =>
    runs.start({
      ...{ id: runIdSchema.parse(randomUUID()), machineId: id, startedAtMs: 1, spec },
      ...{ accelerator: 'tcg', qemuVersion: '7.2.22', argv: ['/qemu', '-kernel', '/k/one'] },
      ...over,
    });
  const machine = new Machine(definition, start(), {
    changed: () => undefined,
  } as unknown as MachineHost);
  const kernel = {
    id: 'f',
    title: 'Fast',
    release: '6.1',
    kernelPath: '/k/fast',
    bzImagePath: '/k/fast-bz',
    initrdPath: '/i',
  };
  const history = new RunHistory({
    runs,
    nameOf: (of) => (of === id ? 'web' : null),
    hostStatus: () => Promise.resolve({ defaultKernel: null, fastKernel: kernel }),
    onNoted: (run) => machine.noted(run),
  });
  return { folder, history, runs, machine, start };
}

it('a machine’s view shows what was said of its run, and loses a baseline to another run', () => {
  const { history, machine, start } = scene();
  const current = machine.view.run?.id ?? runIdSchema.parse('');
  history.annotate(current, 'first');
  history.setBaseline(current, true);
  expect(machine.view.run).toMatchObject({ note: 'first', baseline: true });
  const other = start();
  history.annotate(other.id, 'not the current one');
  history.setBaseline(other.id, true);
  expect(machine.view.run).toMatchObject({ note: 'first', baseline: false });
});

it('lists the runs of all machines, the newest first', () => {
  const { history, start } = scene();
  const [late, early] = [start({ startedAtMs: 9 }), start({ startedAtMs: 5 })];
  expect(history.recent(2).map(({ id }) => id)).toEqual([late.id, early.id]);
});

it('says what differs between two runs, and nothing of notes', async () => {
  const { history, start } = scene();
  const board = { ...spec.board, acpi: false };
  const before = start();
  const after = start({
    spec: { ...spec, board, vcpus: 2, notes: 'private', kernel: { kind: 'fast' } },
    ...{ argv: ['/other/qemu', '-kernel', '/k/fast'], qemuVersion: '9.0.0', accelerator: 'kvm' },
  });
  expect(await history.changes(before.id, after.id)).toEqual({
    settings: [
      { path: 'vcpus', before: '1', after: '2' },
      { path: 'board.acpi', before: 'on', after: 'off' },
      { path: 'kernel.kind', before: 'default', after: 'fast' },
      { path: 'accelerator', before: 'tcg', after: 'kvm' },
    ],
    kernel: { before: '/k/one', after: 'Fast (/k/fast)' },
    initrd: null,
    filesKnown: false,
    qemu: { before: '7.2.22 (/qemu)', after: '9.0.0 (/other/qemu)' },
  });
  const same = { settings: [], kernel: null, initrd: null, filesKnown: false, qemu: null };
  expect(await history.changes(before.id, before.id)).toEqual(same);
});

it('notices another initrd, and a kernel that was put in the place of another', async () => {
  const { folder, history, start } = scene();
  const [kernelPath, initrdPath] = ['kernel', 'initrd'].map((name) => join(folder, name)) as [
    string,
    string,
  ];
  writeFileSync(kernelPath, 'old');
  writeFileSync(initrdPath, 'same');
  utimesSync(kernelPath, 1_000, 1_000);
  const argv = ['/qemu', '-kernel', kernelPath, '-initrd', initrdPath];
  const booted = async (words = argv): Promise<Run> =>
    start({ argv: words, bootFiles: await stampBootFiles({ kernelPath, initrdPath }) });
  const first = await booted();
  const second = await booted();
  expect(await history.changes(first.id, second.id)).toMatchObject({
    ...{ kernel: null, initrd: null, filesKnown: true },
  });
  writeFileSync(kernelPath, 'newer');
  utimesSync(kernelPath, 2_000, 2_000);
  const replaced = await booted();
  expect(await history.changes(second.id, replaced.id)).toMatchObject({
    kernel: {
      before: `${kernelPath}, 3 bytes of 1970-01-01 00:16:40 UTC`,
      after: '5 bytes of 1970-01-01 00:33:20 UTC',
    },
    ...{ initrd: null, filesKnown: true },
  });
  const without = await booted(argv.slice(0, 3));
  const other = await booted([...argv.slice(0, 4), '/other/initrd']);
  expect(await history.changes(replaced.id, without.id)).toMatchObject({
    ...{ kernel: null, initrd: { before: initrdPath, after: 'none' } },
  });
  expect(await history.changes(replaced.id, other.id)).toMatchObject({
    ...{ kernel: null, initrd: { before: initrdPath, after: '/other/initrd' } },
  });
  rmSync(kernelPath);
  const gone = await booted();
  expect(await history.changes(replaced.id, gone.id)).toMatchObject({
    ...{ kernel: null, initrd: null, filesKnown: false },
  });
});

it('saves a timeline, and says so when there is none', async () => {
  const { folder, history, runs, start } = scene();
  const { id, number } = start();
  const path = join(folder, history.exportName(id, 'chrome-trace'));
  expect(path).toBe(join(folder, `web boot ${number}.trace.json`));
  const none = expect.objectContaining({ code: 'illegal_state' });
  await expect(history.exportTo(id, 'json', path)).rejects.toEqual(none);
  runs.recordBoot(id, boot);
  await history.exportTo(id, 'chrome-trace', path);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toHaveProperty('traceEvents');
});
