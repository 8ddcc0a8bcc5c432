import { expect, it } from 'vitest';
import {
  AppError,
  defaultContainer,
  defaultSpec,
  type MachineId,
  type MachineView,
  type Run,
} from '../../shared/index.ts';
import { problemTitle } from './machine-words.ts';
import { duplicatedNotice, noticeKey, noticeOf, refusalOf } from './notices.ts';

const id = '5b0f3b0e-58a5-4f7e-9d2b-0b9f6f6a2c11' as MachineId;

function view(change: Partial<MachineView>): MachineView {
  const spec = { ...defaultSpec, name: 'web' };
  return {
    id,
    spec,
    createdAtMs: 0,
    state: 'running',
    activity: null,
    run: null,
    pendingChanges: [],
    canOpenShell: false,
    servedByPasst: false,
    canUndo: false,
    problem: null,
    ...change,
  };
}

const ended = (kind: NonNullable<Run['end']>['kind']): Run => ({
  id: id as unknown as Run['id'],
  machineId: id,
  number: 1,
  startedAtMs: 0,
  endedAtMs: 1,
  accelerator: 'tcg',
  qemuVersion: '',
  argv: [],
  boot: null,
  end: { kind, expected: true, message: 'The guest powered off.' },
  note: '',
  baseline: false,
});

it('speaks of failures and of endings nobody asked for, and of nothing else', () => {
  const problem = { code: 'qemu_failed', message: 'QEMU said no.', details: {} } as const;
  const said = (
    [
      [undefined, { state: 'crashed' }],
      ['starting', { state: 'running' }],
      ['stopping', { state: 'stopped', run: ended('stopped') }],
      ['running', { state: 'stopped', run: ended('guest-shutdown') }],
      ['running', { state: 'crashed', problem }],
      ['starting', { state: 'crashed', problem }],
      ['starting', { state: 'stopped', problem }],
    ] as const
  ).map(([before, after]) => {
    const notice = noticeOf(view(after), before && view({ state: before }));
    return notice && `${notice.subject} ${notice.title}`;
  });
  expect(said).toEqual([
    null,
    null,
    null,
    'web stopped',
    'web crashed',
    'web did not start',
    'web did not start',
  ]);
});

it('says what main refused, but not that a person changed their mind', () => {
  const machine = view({});
  const refused = refusalOf(machine, 'restart', new AppError('qmp_failed', 'No answer.'));
  expect(refused).toEqual({
    ...{ key: `machine:${id}`, tone: 'bad', subject: 'web', title: 'did not restart' },
    text: 'No answer.',
  });
  expect(refusalOf(machine, 'start', new AppError('cancelled', ''))).toBeNull();
});

it('speaks of disks only when a copy is without some', () => {
  const copyOf = (...kept: boolean[]): string => {
    const disk = { path: '/a.raw', format: 'raw', cache: 'writeback' } as const;
    const limits = { iops: 0, bytesPerSecond: 0 };
    const disks = kept.map((readOnly) => ({ ...disk, limits, readOnly }));
    const original = { ...defaultSpec, name: 'web', disks };
    const copy = { ...original, name: 'web copy', disks: disks.filter((one) => one.readOnly) };
    return duplicatedNotice(original, copy).text;
  };
  expect([copyOf(), copyOf(true), copyOf(true, false), copyOf(false, false)]).toEqual([
    'The copy is called web copy.',
    'The copy is called web copy.',
    'The copy is called web copy. Its writable disk was left out, because two machines would damage it.',
    'The copy is called web copy. Its 2 writable disks were left out, because two machines would damage them.',
  ]);
  const web = { ...defaultSpec, name: 'web' };
  expect(duplicatedNotice(web, { ...web, name: 'web copy' }, true).text).toBe(
    'The copy is called web copy. Unsaved changes are not in it.',
  );
});

it('tells with which exit code a command ended, and leaves those that go with their end to their last words', () => {
  const after = (exitCode: number, runOnce: boolean): MachineView => {
    const run = ended('command-ended');
    const end = { kind: 'command-ended', expected: true, message: '', exitCode } as const;
    const container = {
      ...{ ...defaultContainer, image: 'docker://a', digest: `sha256:${'0'.repeat(64)}` },
      runOnce,
    };
    const spec = { ...defaultSpec, name: 'web', container };
    return view({ state: 'stopped', spec, run: { ...run, end } });
  };
  const notices = [after(0, false), after(7, false), after(7, true)].map((next) =>
    noticeOf(next, view({})),
  );
  expect(notices.map((notice) => [notice?.tone, notice?.key, notice?.text])).toEqual([
    ['info', noticeKey(id), 'Command ended with exit code 0.'],
    ['warn', noticeKey(id), 'Command ended with exit code 7.'],
    [undefined, undefined, undefined],
  ]);
  const failed = { ...after(7, true), state: 'crashed', run: ended('guest-panic') } as const;
  expect(noticeOf(failed, view({}))?.title).toBe('crashed');
});

it('tells a guest that a full disk holds as loudly as a failure, and once', () => {
  const held = view({ state: 'paused', activity: 'disk-error' });
  expect(noticeOf(held, view({ state: 'running' }))).toMatchObject({
    ...{ tone: 'bad', title: 'is paused' },
    text: expect.stringContaining('free some space there, then resume') as string,
  });
  expect(noticeOf(held, held)).toBeNull();
  expect(noticeOf(view({ state: 'paused' }), view({ state: 'running' }))).toBeNull();
});

it('tells of each folder that a running guest lost, and once', () => {
  const lost = (path: string): MachineView =>
    view({ problem: { code: 'folder_lost', message: `“${path}” is gone.`, details: { path } } });
  expect(noticeOf(lost('/a'), view({}))).toMatchObject({ tone: 'bad', title: 'lost a folder' });
  expect(noticeOf(lost('/b'), lost('/a'))?.text).toBe('“/b” is gone.');
  expect(noticeOf(lost('/b'), lost('/b'))).toBeNull();
  expect(problemTitle(lost('/a'))).toBe('A folder is gone');
});
