import { expect, it } from 'vitest';
import {
  defaultSpec,
  type HostStatus,
  type MachineId,
  type MachineView,
} from '../../shared/index.ts';
import { activityLines, kernelWord } from './machine-words.ts';

const stopping = (activity: MachineView['activity']): MachineView => ({
  id: 'm' as MachineId,
  spec: {
    ...{ ...defaultSpec, name: 'web' },
    stopDeadlines: { askGuestMs: 5_000, quitMs: 1_500, terminateMs: 300 },
  },
  createdAtMs: 0,
  state: 'stopping',
  activity,
  run: null,
  pendingChanges: [],
  canOpenShell: false,
  canUndo: false,
  problem: null,
});

it('says how long each rung of a stop lasts at most, and what comes next', () => {
  const said = (['asking-guest', 'ending-qemu', 'terminating', 'killing', null] as const).map(
    (activity) => activityLines(stopping(activity))?.join(', ') ?? null,
  );
  expect(said).toEqual([
    'asking the guest to shut down, at most 5 s; then QEMU is asked to end',
    'asking QEMU to end, at most 1.5 s; then the process is ended',
    'ending the process, at most 0.3 s; then it is killed',
    'killing the process',
    null,
  ]);
});

it('says a kernel in a word or two', () => {
  const host = { defaultKernel: { title: 'Debian 6.1.0-56-amd64' } } as HostStatus;
  expect([
    kernelWord({ kind: 'default' }, host),
    kernelWord({ kind: 'default' }, null),
    kernelWord({ kind: 'file', path: '/boot/vmlinuz-6.1.0-56' }, host),
  ]).toEqual(['Debian 6.1', 'Default kernel', 'vmlinuz-6.1.0-56']);
});
