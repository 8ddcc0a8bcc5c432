import { expect, it } from 'vitest';
import type { CheckResult, DoctorReport } from '../../shared/index.ts';
import { byUrgency, summary, worstOf, worthOpening } from './doctor-words.ts';

function report(results: Record<string, CheckResult['result']>): DoctorReport {
  const checks = Object.entries(results).map(([id, result]) => ({
    ...{ id, result, title: id, message: '', mend: null },
  }));
  return { atMs: 0, checks };
}

it('opens by itself for more than KVM alone', () => {
  const kvmOnly = report({ qemu: 'ok', 'kvm-device': 'failed', 'kvm-boot': 'limited' });
  expect(worthOpening(kvmOnly)).toBe(false);
  expect(worthOpening(report({ qemu: 'ok' }))).toBe(false);
  expect(worthOpening(report({ 'kvm-boot': 'limited', tools: 'limited' }))).toBe(true);
});

it('puts first what needs attention, and says it in a sentence', () => {
  const mixed = report({ qemu: 'ok', tools: 'limited', kernel: 'failed', disk: 'ok' });
  expect(byUrgency(mixed.checks).map(({ id }) => id)).toEqual(['kernel', 'tools', 'qemu', 'disk']);
  expect(worstOf(mixed)).toBe('failed');
  expect([mixed, report({ tools: 'limited' }), report({ qemu: 'ok' })].map(summary)).toEqual([
    '1 failed, 1 limited. Machines may not start until this is mended.',
    '1 limited. Machines start, but slower or without something.',
    'Everything that Nandu needs is here.',
  ]);
});
