import { expect, it } from 'vitest';
import type { LabCommand } from '../../shared/index.ts';
import { assertSameCommand, assertSameHost } from './changes.ts';

const file = (path: string, digit: string): { path: string; sha256: string } => ({
  ...{ path, sha256: digit.repeat(64) },
});
const command: LabCommand = {
  argv: ['qemu', '-kernel', '/k/one', '-initrd', '/i/one'],
  ...{ accelerator: 'kvm', qemuVersion: '7.2.22' },
  ...{ kernel: file('/k/one', '1'), initrd: file('/i/one', '2') },
};
/** As an older Nandu wrote it. */
const old: LabCommand = { argv: command.argv, accelerator: 'kvm', qemuVersion: '7.2.22' };

it('names what changed since a variant’s first boot, and says what to do', () => {
  const changed: LabCommand = {
    argv: ['qemu', '-kernel', '/k/one'],
    ...{ accelerator: 'tcg', qemuVersion: '8.0.2', kernel: file('/k/one', '3'), initrd: null },
  };
  expect(() => assertSameCommand('web', command, changed)).toThrow(
    '“web” does not boot as it did when the experiment began: it would run under emulation and not KVM, ' +
      'QEMU is 8.0.2 and not 7.2.22 any more, its kernel is another one, its initrd is another one. ' +
      'Its boots would be mixed with others: start a copy instead.',
  );
});

it('calls no change what is the same, lies elsewhere, or was not written down by an older Nandu', () => {
  const moved = { ...command, kernel: file('/k/two', '1'), argv: ['qemu', '-kernel', '/k/two'] };
  expect(() => assertSameCommand('web', command, moved)).not.toThrow();
  expect(() => assertSameCommand('web', old, command)).not.toThrow();
  const other = { ...command, argv: ['qemu', '-kernel', '/k/two', '-initrd', '/i/one'] };
  expect(() => assertSameCommand('web', old, other)).toThrow(/its kernel is another one/);
});

it('tells one computer from another, and knows how an older Nandu described this one', () => {
  const now = '2 × Some CPU · 16 GiB · Debian 12 · Linux 6.1.0';
  expect(() => assertSameHost(now, now)).not.toThrow();
  expect(() => assertSameHost('2 × Some CPU', now)).not.toThrow();
  expect(() => assertSameHost('2 × Some', now)).toThrow(/start a copy/);
  expect(() => assertSameHost(now, now.replace('6.1.0', '6.1.1'))).toThrow(/“2 × Some CPU/);
});
