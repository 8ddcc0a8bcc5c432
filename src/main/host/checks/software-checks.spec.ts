import { describe, expect, it } from 'vitest';
import type { ErrorData, QemuInfo } from '../../../shared/index.ts';
import type { Distribution, Family } from '../facts/distribution.ts';
import type { DoctorFacts, Tools } from '../facts/doctor-facts.ts';
import { checkOf, healthy, withFact } from './healthy-computer.ts';

const on = (family: Family | null): Pick<DoctorFacts, 'distribution'> => ({
  distribution: { known: true, value: { family, title: 'some' } satisfies Distribution },
});
const problem = (code: ErrorData['code'], details = {}): ErrorData => ({
  ...{ code, message: `It is ${code}.`, details },
});

describe('qemu', () => {
  const having = (change: Partial<QemuInfo>): DoctorFacts => ({
    ...healthy,
    qemu: { ...(healthy.qemu as QemuInfo), ...change },
  });
  const absent = { ...healthy, qemu: null };

  it.each<[string, DoctorFacts, 'limited' | 'failed', RegExp, string | null]>([
    [
      'is not installed',
      { ...absent, problems: [problem('qemu_missing')] },
      ...(['failed', /^It is qemu_missing\.$/, 'sudo apt install qemu-system-x86'] as const),
    ],
    [
      'is not installed on an unknown distribution',
      { ...absent, ...on(null), problems: [problem('qemu_missing')] },
      ...(['failed', /qemu_missing/, null] as const),
    ],
    [
      'was chosen by a path that leads nowhere',
      { ...absent, problems: [problem('qemu_missing', { path: '/x' })] },
      ...(['failed', /qemu_missing/, null] as const),
    ],
    [
      'does not answer',
      { ...absent, problems: [problem('qemu_failed')] },
      ...(['failed', /qemu_failed/, null] as const),
    ],
    [
      'is missing for no known reason',
      { ...absent, ...on('arch') },
      ...(['failed', /no usable QEMU/, 'sudo pacman -S --needed qemu-system-x86'] as const),
    ],
    [
      'fails while only another one is registered',
      { ...healthy, problems: [problem('qemu_timeout')] },
      ...(['failed', /qemu_timeout/, null] as const),
    ],
    [
      'cannot be used',
      having({ problem: 'It is on fire.' }),
      ...(['failed', /cannot be used: It is on fire\.$/, null] as const),
    ],
    [
      'has no microvm',
      having({ missing: ['microvm', 'acpi'] }),
      ...(['failed', /no microvm machine type/, 'sudo apt install qemu-system-x86'] as const),
    ],
    ['is too old', having({ version: '5.2.0' }), 'limited', /older than 6\.2.*start\.$/, null],
    [
      'is too old and slim',
      having({ version: '6.1.9', missing: ['pvpanic'] }),
      ...(['limited', /older than 6\.2.*start\. It lacks the pvpanic device;/, null] as const),
    ],
    [
      'lacks something that cannot be added',
      having({ version: '10.0.2', missing: ['vsock', 'memfd'] }),
      'limited',
      /It lacks vsock \(vhost-vsock-device\) and shared memory in a memfd;/,
      null,
    ],
    [
      'lacks something that a package brings',
      having({ missing: ['vsock', 'seabios', 'qboot'] }),
      ...(['limited', /SeaBIOS’s/, 'sudo apt install seabios qemu-system-data'] as const),
    ],
  ])('%s', (_what, facts, result, message, mend) => {
    expect(checkOf('qemu', facts)).toEqual({
      ...{ result, mend },
      message: expect.stringMatching(message),
    });
  });

  it('is not blamed for the kernel’s problem', () => {
    const facts = { ...healthy, kernel: null, problems: [problem('guest_missing')] };
    expect(checkOf('qemu', facts).result).toBe('ok');
  });
});

describe('kernel', () => {
  it('is set-up’s business when there is none, whatever is wrong with QEMU', () => {
    const mend = 'npm run setup';
    const problems = [problem('qemu_missing'), problem('guest_missing')];
    expect(checkOf('kernel', { ...healthy, kernel: null, problems })).toEqual({
      ...{ result: 'failed', mend },
      message: 'It is guest_missing. Machines need one, unless they name their own.',
    });
    expect(checkOf('kernel', { ...healthy, kernel: null })).toMatchObject({
      message: expect.stringMatching(/^Set-up has prepared no guest kernel/),
    });
    const unreadableKernelFiles = { known: true, value: ['/k/a', '/k/b'] } as const;
    expect(checkOf('kernel', { ...healthy, unreadableKernelFiles })).toEqual({
      ...{ result: 'failed', mend },
      message: 'The guest kernel’s files cannot be read: /k/a and /k/b.',
    });
  });
});

describe('tools', () => {
  const none: Tools = {
    ...{ 'qemu-img': null, xz: null, lz4: null, zstd: null },
    ...{ skopeo: null, sqfstar: null, mke2fs: null },
  };

  it.each<[Family | null, string | null]>([
    ['debian', 'sudo apt install qemu-utils xz-utils lz4 zstd skopeo squashfs-tools e2fsprogs'],
    ['fedora', 'sudo dnf install qemu-img xz lz4 zstd skopeo squashfs-tools e2fsprogs'],
    ['arch', 'sudo pacman -S --needed qemu-img xz lz4 zstd skopeo squashfs-tools e2fsprogs'],
    ['opensuse', 'sudo zypper install qemu-tools xz lz4 zstd skopeo squashfs e2fsprogs'],
    [null, null],
  ])('are all missing on %s', (family, mend) => {
    expect(checkOf('tools', withFact('tools', none, on(family)))).toEqual({
      ...{ result: 'limited', mend },
      message:
        'Not installed: qemu-img, which makes disk images; xz, which unpacks kernels; ' +
        'lz4, which unpacks other kernels; zstd, which unpacks newer kernels; ' +
        'skopeo, which fetches container images; sqfstar, which packs container images; ' +
        'mke2fs, which makes containers’ kept disks.',
    });
  });

  it('are named one by one', () => {
    expect(checkOf('tools', withFact('tools', { lz4: null }))).toMatchObject({
      ...{ result: 'limited', mend: 'sudo apt install lz4' },
    });
  });
});
