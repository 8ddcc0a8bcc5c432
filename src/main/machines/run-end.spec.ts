import { describe, expect, it } from 'vitest';
import { describeEnd, type Evidence } from './run-end.ts';

const nothing: Evidence = {
  requested: null,
  guestAsked: true,
  lastRung: null,
  shutdown: null,
  exit: { code: 0, signal: null },
  panicked: false,
  acpi: true,
  reachedUserSpace: true,
  command: null,
  neverRan: false,
  lifetimeOver: false,
};

describe('describeEnd', () => {
  it.each<[string, Partial<Evidence>, string, boolean]>([
    [
      'the guest obeys',
      {
        requested: 'stop',
        lastRung: 'asking-guest',
        shutdown: { guest: true, reason: 'guest-shutdown' },
      },
      'stopped',
      true,
    ],
    [
      'the guest ignores it',
      {
        requested: 'stop',
        lastRung: 'ending-qemu',
        shutdown: { guest: false, reason: 'host-qmp-quit' },
      },
      'stopped',
      true,
    ],
    [
      'QEMU ignores everything',
      { requested: 'stop', lastRung: 'killing', exit: { code: null, signal: 'SIGKILL' } },
      'killed',
      true,
    ],
    [
      'QEMU crashes while it is asked to stop',
      { requested: 'stop', lastRung: 'asking-guest', exit: { code: null, signal: 'SIGSEGV' } },
      'qemu-exit',
      false,
    ],
    [
      'somebody else kills it although its console says panic',
      { panicked: true, exit: { code: null, signal: 'SIGKILL' } },
      'qemu-exit',
      false,
    ],
    ['Force stop', { requested: 'force', exit: { code: null, signal: 'SIGKILL' } }, 'killed', true],
    [
      'poweroff in the guest',
      { shutdown: { guest: true, reason: 'guest-shutdown' } },
      'guest-shutdown',
      true,
    ],
    [
      'reboot in the guest',
      { shutdown: { guest: true, reason: 'guest-reset' } },
      'guest-reset',
      true,
    ],
    [
      'reboot or power-off without ACPI',
      { shutdown: { guest: true, reason: 'guest-reset' }, acpi: false },
      'guest-shutdown',
      true,
    ],
    [
      'a kernel that cannot start',
      { shutdown: { guest: true, reason: 'guest-reset' }, reachedUserSpace: false },
      'guest-panic',
      false,
    ],
    [
      'a panic that reboots',
      { shutdown: { guest: true, reason: 'guest-reset' }, panicked: true },
      'guest-panic',
      false,
    ],
    ['kill -9 by someone else', { exit: { code: null, signal: 'SIGKILL' } }, 'qemu-exit', false],
    ['QEMU aborts', { exit: { code: 1, signal: null } }, 'qemu-exit', false],
    ['an adopted one vanishes', { exit: { code: null, signal: null } }, 'lost', false],
    [
      'an adopted guest powers off',
      { exit: { code: null, signal: null }, shutdown: { guest: true, reason: 'guest-shutdown' } },
      'guest-shutdown',
      true,
    ],
    [
      'quit by another monitor',
      { shutdown: { guest: false, reason: 'host-qmp-quit' } },
      'stopped',
      true,
    ],
  ])('%s', (_name, evidence, kind, expected) => {
    expect(describeEnd({ ...nothing, ...evidence })).toMatchObject({ kind, expected });
  });
});
