import { expect, it } from 'vitest';
import type { MachineId } from '../../shared/index.ts';
import { bootsByMachine } from './all-machines.ts';
import { sampleBoot, sampleRun } from './sample-runs.ts';

it('gives each machine the middle of its newest kind of boots, the fastest first', () => {
  const slow = { machineId: 'slow' as MachineId };
  const runs = [
    sampleRun(4, 2000, { ...slow, boot: sampleBoot(2000, { conditions: ['loaded'] }) }),
    sampleRun(4, 9000, { boot: sampleBoot(9000, { conditions: ['detailed'] }) }),
    sampleRun(3, 700),
    sampleRun(3, 1000, slow),
    sampleRun(2, 800),
    sampleRun(2, 1100, slow),
    sampleRun(1, 90, { accelerator: 'kvm' }),
    // It waited for something else then.
    sampleRun(0, 5, { ...slow, boot: sampleBoot(5, { sign: 'console Booting' }) }),
    sampleRun(5, 4, {
      ...slow,
      boot: sampleBoot(4, { reached: 'user-space', conditions: ['deadline'] }),
    }),
    sampleRun(1, 5, { machineId: 'never' as MachineId, boot: null }),
  ];
  const found = bootsByMachine(runs).map(({ machineId, summary, newest, typical }) => [
    ...[machineId, summary.count, summary.medianMs, newest.number, typical.number],
  ]);
  expect(found).toEqual([
    ['m', 2, 750, 3, 3],
    ['slow', 2, 1050, 4, 3],
  ]);
});
