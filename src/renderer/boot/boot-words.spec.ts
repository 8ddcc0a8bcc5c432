import { expect, it } from 'vitest';
import { bootConditions } from '../../shared/index.ts';
import { doubtsOf, formatDelta, formatDeltaShare, rowLabel, sayNoChange } from './boot-words.ts';
import { sampleBoot, sampleRun } from './sample-runs.ts';
import { timelineRows } from './timeline-rows.ts';

it('names every reason for doubt once, the gravest first', () => {
  const all = sampleRun(1, 5, { boot: sampleBoot(5, { conditions: [...bootConditions] }) });
  const doubts = doubtsOf(all);
  expect(new Set(doubts.map(({ label }) => label)).size).toBe(bootConditions.length + 1);
  expect(doubts.map(({ tone }) => tone).slice(0, 3)).toEqual(['bad', 'bad', 'warn']);
  expect(doubts.at(-1)?.tone).toBe('plain');
  expect(doubtsOf(sampleRun(1, 5, { accelerator: 'kvm' }))).toEqual([]);
});

it('says rows in full', () => {
  const boot = sampleBoot(1000, {
    reached: 'user-space',
    phases: [{ name: 'kernel', startMs: 0, durationMs: 600 }],
    details: [{ kind: 'device', name: 'virtio-rng', startMs: 210, durationMs: 0 }],
  });
  const labels = timelineRows(boot, new Set(['kernel'])).map((row) => rowLabel(boot, row));
  expect(labels).toEqual([
    'Kernel: 600 ms (60 %), at 0 ms. The kernel sets itself up, until it runs the first process.',
    'virtio-rng: 210 ms after the start (a driver took this device, by QEMU’s trace).',
  ]);
});

it('writes differences with their sign', () => {
  expect([22, -1500, 0.01, -0.4].map(formatDelta)).toEqual([
    ...['+22 ms', '−1.50 s', '±0 ms', '−0.4 ms'],
  ]);
  expect([formatDeltaShare(-22, 800), formatDeltaShare(1, 800), formatDeltaShare(5, 0)]).toEqual([
    ...['−3 %', '±0 %', ''],
  ]);
});

it('sends nobody to look in the guest where the files may have been replaced', () => {
  const said = [true, false].flatMap((filesKnown) =>
    [[], null].map((settings) => sayNoChange({ settings, filesKnown })),
  );
  expect(said).toEqual([
    'Settings, kernel, initrd and QEMU are the same: look for the cause in the guest or on this host.',
    'Kernel, initrd and QEMU are the same. The settings of one of them were not recorded.',
    'Settings, QEMU and the paths of kernel and initrd are the same. Whether those files were replaced in between is not known.',
    'QEMU and the paths of kernel and initrd are the same. The settings of one of them were not recorded. Whether those files were replaced in between is not known.',
  ]);
});
