import { expect, it } from 'vitest';
import type { BootDetail, BootTimeline } from '../../shared/index.ts';
import { expectedPhases, openableKeys, timelineRows } from './timeline-rows.ts';

const detail = (kind: BootDetail['kind'], name: string, startMs: number, durationMs = 0) => ({
  ...{ kind, name, startMs, durationMs },
});
const boot: BootTimeline = {
  phases: [
    { name: 'process-start', startMs: 0, durationMs: 50 },
    { name: 'kernel', startMs: 50, durationMs: 400 },
    { name: 'user-space', startMs: 450, durationMs: 50 },
  ],
  totalMs: 500,
  reached: 'ready',
  details: [
    detail('initcall', 'pci_init', 120, 10),
    detail('kernel', 'memory', 60, 30),
    detail('kernel', 'drivers', 100, 200),
    detail('kernel', 'unpacking', 110, 50),
    detail('device', 'virtio-rng', 210),
    detail('initcall', 'late', 320, 5),
    detail('mark', 'at-the-end', 500),
    detail('mark', 'between', 450),
  ],
  conditions: [],
  kernelClockMs: null,
};

it('has a row for each phase that was seen, and details only where they are open', () => {
  expect(timelineRows(boot, new Set()).map(({ key, children }) => [key, children])).toEqual([
    ['process-start', 0],
    ['kernel', 5],
    ['user-space', 2],
  ]);
  expect(openableKeys(boot)).toEqual(['kernel', 'kernel/1', 'user-space']);
  const rows = timelineRows(boot, new Set(openableKeys(boot)));
  expect(rows.map(({ depth, title }) => `${'-'.repeat(depth)}${title}`)).toEqual([
    'Process start',
    'Kernel',
    '-memory',
    '-drivers',
    '--pci_init',
    '-unpacking',
    '-virtio-rng',
    '-late',
    'User space',
    '-between',
    '-at-the-end',
  ]);
  expect(rows.find(({ title }) => title === 'pci_init')).toMatchObject({
    ...{ parent: 'kernel/1', phase: 'kernel', kind: 'initcall', durationMs: 10 },
  });
});

it('speaks of phases that every boot should have, and of others only where they were', () => {
  expect(expectedPhases(boot)).toEqual([
    ...['process-start', 'qmp', 'firmware', 'kernel-load', 'kernel', 'user-space'],
  ]);
  const bzImage: BootTimeline = {
    ...boot,
    phases: [{ name: 'decompression', startMs: 0, durationMs: 9 }],
  };
  expect(expectedPhases(bzImage)).toContain('decompression');
  expect(expectedPhases(bzImage)).not.toContain('initrd');
});

it('stays quick with as many details as a boot can have', () => {
  const details = Array.from({ length: 400 }, (_, index) =>
    detail(index % 8 === 0 ? 'kernel' : 'initcall', `call-${index}`, 50 + index, 8),
  );
  const rows = timelineRows({ ...boot, details }, new Set(openableKeys({ ...boot, details })));
  expect(rows).toHaveLength(403);
});
