import { expect, it } from 'vitest';
import { AppError } from '../../shared/index.ts';
import type { QmpEvent } from '../qmp/index.ts';
import { RunEvidence, type AtTheEnd } from './run-evidence.ts';

const panic = '[    1.000000] Kernel panic - not syncing: Attempted to kill init!';
const ended = (change: Partial<AtTheEnd> = {}): AtTheEnd => ({
  ...{ exit: { code: 0, signal: null }, acpi: true, container: false },
  ...{ marksExpected: false, reachedUserSpace: true, lastLines: () => [panic] },
  ...change,
});
const event = (name: string, data: QmpEvent['data'] = {}): QmpEvent => ({
  ...{ event: name, data, timestampMs: null },
});
const shutDown = (reason: string): QmpEvent => event('SHUTDOWN', { guest: true, reason });

it.each([
  ['after a reset, which a panic ends in', [shutDown('guest-reset')], 0, 'guest-panic'],
  ['after an end that nobody saw', [], null, 'guest-panic'],
  ['but not after a power-off', [shutDown('guest-shutdown')], 0, 'guest-shutdown'],
])('a panic in the guest’s words counts %s', (_name, events, code, kind) => {
  const evidence = new RunEvidence();
  for (const one of events) evidence.hear(one);
  expect(evidence.ends).toBe(events.length > 0);
  expect(evidence.weigh(ended({ exit: { code, signal: null } })).end.kind).toBe(kind);
});

it('a panic that QEMU saw counts whatever the guest says', () => {
  const evidence = new RunEvidence();
  evidence.hear(event('GUEST_PANICKED'));
  evidence.hear(shutDown('guest-panic'));
  expect(evidence.weigh(ended({ lastLines: () => [] })).end.kind).toBe('guest-panic');
});

it('a guest that was asked to stop has not panicked, whatever it says', () => {
  const evidence = new RunEvidence();
  evidence.requested = 'stop';
  evidence.hear(shutDown('guest-reset'));
  expect(evidence.weigh(ended()).end.kind).toBe('stopped');
});

it('gives what the guest could not do as the cause', () => {
  const evidence = new RunEvidence();
  const error = new AppError('command_failed', 'There is no such program.');
  evidence.command = { error };
  evidence.hear(shutDown('guest-shutdown'));
  const { end, cause } = evidence.weigh(ended({ container: true, lastLines: () => [] }));
  expect([end.kind, cause]).toEqual(['command-failed', error]);
});
