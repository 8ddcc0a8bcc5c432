import { expect, it } from 'vitest';
import {
  defaultContainer,
  defaultSpec,
  type HostStatus,
  type MachineId,
  type BootTimeline,
  type MachineView,
  type Run,
  type RunEnd,
} from '../../shared/index.ts';
import {
  activityLines,
  bootText,
  contentWord,
  deletionText,
  endTitle,
  endTone,
  kernelWord,
  rowNote,
  subtitle,
} from './machine-words.ts';

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
  servedByPasst: false,
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
  const host = {
    defaultKernel: { title: 'Debian 6.1.0-56-amd64' },
    fastKernel: { title: 'Nandu 6.1.192' },
  } as HostStatus;
  expect([
    kernelWord({ kind: 'default' }, host),
    kernelWord({ kind: 'default' }, null),
    kernelWord({ kind: 'fast' }, host),
    kernelWord({ kind: 'fast' }, null),
    kernelWord({ kind: 'file', path: '/boot/vmlinuz-6.1.0-56' }, host),
  ]).toEqual(['Debian 6.1', 'Default kernel', 'Nandu 6.1', 'Fast kernel', 'vmlinuz-6.1.0-56']);
});

it('names a command’s end by its exit code, and marks one that is not 0', () => {
  const ends = [
    { kind: 'command-ended', exitCode: 0 },
    { kind: 'command-ended', exitCode: 7 },
    { kind: 'command-ended', exitCode: 137, outOfMemory: true },
    { kind: 'lifetime-over', exitCode: 143 },
    { kind: 'guest-panic' },
  ].map((end) => ({ expected: end.kind !== 'guest-panic', message: '', ...end }) as RunEnd);
  expect(ends.map((end) => [endTitle(end), endTone(end)])).toEqual([
    ['Exit 0', 'plain'],
    ['Exit 7', 'warn'],
    ['Exit 137, out of memory', 'warn'],
    ['Its time was over', 'plain'],
    ['Kernel panic', 'bad'],
  ]);
});

it('says of a container machine what it runs and which port leads into it', () => {
  const machine = stopping(null);
  const container = {
    ...{ ...defaultContainer, digest: `sha256:${'0'.repeat(64)}` },
    image: 'docker://docker.io/library/nginx:1.29',
  };
  const forward = { protocol: 'tcp', hostAddress: '127.0.0.1', guestPort: 80 } as const;
  const portForwards = [8080, 8081].map((hostPort) => ({ ...forward, hostPort }));
  const spec = { ...machine.spec, container, portForwards };
  expect(contentWord(spec, null)).toBe('nginx:1.29');
  expect(subtitle({ ...machine, spec }, null)).toBe(
    'nginx:1.29 · 1 vCPU · 256 MiB · Compatible preset · Accelerator chosen at start · 127.0.0.1:8080 → 80 and 1 more',
  );
});

it('says what a deletion takes along: of a container also its kept disk and its secrets', () => {
  const { spec } = stopping(null);
  const image = { image: 'docker://a', digest: `sha256:${'0'.repeat(64)}` };
  const container = { ...defaultContainer, ...image };
  const full = { ...container, storage: 'disk' as const, secrets: ['TOKEN'] };
  expect([
    deletionText(spec, false),
    deletionText({ ...spec, container }, false),
    deletionText({ ...spec, container: full }, true),
  ]).toEqual([
    'Its definition, runs and console log are deleted. Kernel and initrd files stay. This cannot be undone.',
    'Its definition, runs and console log are deleted. Its image stays. This cannot be undone.',
    'The machine is running and will be stopped first. Its definition, runs, console log, its kept disk with all that was written to it and the values of its secrets are deleted. Its image stays. This cannot be undone.',
  ]);
});

it('gives no boot time to a boot that was never ready or is waited for', () => {
  const run = (change: Partial<BootTimeline>): Run => ({
    ...({ end: null, endedAtMs: null } as Run),
    boot: {
      ...{ phases: [], totalMs: 2610, reached: 'user-space', sign: 'port 80', details: [] },
      ...{ conditions: [], kernelClockMs: null, ...change },
    },
  });
  const runs = [
    run({ reached: 'ready' }),
    run({}),
    run({ conditions: ['deadline'] }),
    // A guest with its own init says nothing to Nandu.
    run({ reached: 'partial', sign: 'init', conditions: ['deadline'] }),
  ];
  const notes = runs.map((one) => rowNote({ ...stopping(null), state: 'running', run: one }));
  expect(runs.map(bootText)).toEqual(['2.61 s', 'booting', 'not ready', 'not seen']);
  expect(notes).toEqual(['2.61 s', 'booting', 'not ready', '']);
});
