import { expect, it } from 'vitest';
import {
  AppError,
  defaultSpec,
  type MachineId,
  type MachineView,
  type Run,
} from '../../shared/index.ts';
import { noticeOf, refusalOf } from './notices.ts';

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
  ).map(
    ([before, after]) => noticeOf(view(after), before && view({ state: before }))?.title ?? null,
  );
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
    ...{ key: `machine:${id}`, tone: 'bad', title: 'web did not restart', text: 'No answer.' },
  });
  expect(refusalOf(machine, 'start', new AppError('cancelled', ''))).toBeNull();
});
