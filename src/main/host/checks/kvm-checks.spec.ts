import { describe, expect, it } from 'vitest';
import type { KvmDevice, Processor } from '../facts/doctor-facts.ts';
import { checkOf, healthy, withFact } from './healthy-computer.ts';

describe('kvm-device', () => {
  const bare: Processor = {
    ...{ virtualisation: null, vendor: 'intel', isVirtual: false, kvmLoaded: false },
  };
  const without = (processor: Partial<Processor>): ReturnType<typeof checkOf> =>
    checkOf(
      'kvm-device',
      withFact(
        'kvmDevice',
        { exists: false },
        { processor: { known: true, value: { ...bare, ...processor } } },
      ),
    );

  it.each<[string, Partial<Processor>, RegExp, string | null]>([
    ['an unloaded Intel module', { virtualisation: 'vmx' }, /VT-x, but.*kvm_intel/, 'kvm_intel'],
    ['an unloaded AMD module', { virtualisation: 'svm' }, /AMD-V, but.*kvm_amd/, 'kvm_amd'],
    ['a container', { virtualisation: 'vmx', kvmLoaded: true }, /in a container/, null],
    ['no nested virtualisation', { isVirtual: true }, /nested virtualisation on there/, null],
    ['firmware that switched VT-x off', {}, /“Intel Virtualization Technology.*firmware/, null],
    ['firmware that switched SVM off', { vendor: 'amd' }, /“SVM Mode”.*firmware/, null],
    ['another vendor', { vendor: 'other' }, /\(VT-x or SVM\).*firmware/, null],
  ])('without a device recognises %s', (_what, processor, message, module) => {
    expect(without(processor)).toEqual({
      result: 'limited',
      message: expect.stringMatching(message),
      mend: module === null ? null : `sudo modprobe ${module}`,
    });
    expect(without(processor).message).toMatch(/^[^]*Machines are emulated[^]*\.$/);
  });

  it('leaves permissions to the next check, but tells of a device that is dead', () => {
    const opened = (openError: string): unknown =>
      checkOf('kvm-device', withFact('kvmDevice', { openError })).result;
    expect(['EACCES', 'EPERM', 'ENODEV'].map(opened)).toEqual(['ok', 'ok', 'limited']);
  });

  it('takes a device without VT-x or AMD-V for what it is', () => {
    const { result, message } = checkOf('kvm-device', withFact('processor', bare));
    expect([result, message]).toEqual(['ok', expect.stringContaining('the probe boot tells')]);
  });
});

describe('kvm-permission', () => {
  const denied = { exists: true, openError: 'EACCES', group: 'kvm', membership: 'none' } as const;
  it.each<[string, Partial<KvmDevice>, string | null, RegExp, string | null]>([
    ['not in the group', {}, 'ada', /not in the group “kvm”/, 'sudo usermod -aG kvm ada'],
    ['an odd name', {}, null, /not in the group/, 'sudo usermod -aG kvm "$USER"'],
    ['an odd group', { group: 'virt' }, 'ada', /group “virt”/, 'sudo usermod -aG virt ada'],
    ['not logged in again', { membership: 'joined' }, 'ada', /session began before/, null],
    [
      'root’s alone',
      { group: null },
      'ada',
      /belongs to root alone/,
      'sudo chgrp kvm /dev/kvm && sudo chmod 660 /dev/kvm && sudo usermod -aG kvm ada',
    ],
    [
      'a container’s rule',
      { openError: 'EPERM', membership: 'active' },
      'ada',
      /refuses \/dev\/kvm \(EPERM\).*container/,
      null,
    ],
    ['a dead device', { openError: 'ENODEV' }, 'ada', /cannot be told.*ENODEV/, null],
    ['no device', { exists: false, openError: null }, 'ada', /There is no \/dev\/kvm/, null],
  ])('explains %s', (_what, device, name, message, mend) => {
    const facts = withFact(
      'kvmDevice',
      { ...denied, ...device },
      { person: { known: true, value: { name, isRoot: false } } },
    );
    expect(checkOf('kvm-permission', facts)).toEqual({
      result: 'limited',
      message: expect.stringMatching(message),
      mend,
    });
  });

  it('makes do without knowing who it is', () => {
    const facts = withFact('kvmDevice', denied, { person: { known: false, problem: 'nobody' } });
    expect(checkOf('kvm-permission', facts).mend).toBe('sudo usermod -aG kvm "$USER"');
  });
});

describe('kvm-boot', () => {
  it.each([
    ['unusable', 'The guest hung.', /did not boot with KVM\. The guest hung\. Machines are/],
    ['probing', '', /right now/],
    ['unknown', '', /^Not tried yet\.$/],
  ] as const)('%s', (state, reason, message) => {
    expect(checkOf('kvm-boot', { ...healthy, kvm: { state, reason } })).toEqual({
      result: 'limited',
      message: expect.stringMatching(message),
      mend: null,
    });
  });

  it('says what is missing for it', () => {
    const facts = { ...healthy, kernel: null, kvm: { state: 'unknown', reason: '' } as const };
    expect(checkOf('kvm-boot', facts).message).toMatch(/needs QEMU and a guest kernel/);
  });
});
