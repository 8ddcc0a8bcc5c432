/**
 * For specs: the facts of a computer with nothing wrong, and how to make something wrong with it.
 * Never reads this computer.
 */
import type { CheckResult } from '../../../shared/index.ts';
import { examine } from '../doctor.ts';
import type { DoctorFacts } from '../facts/doctor-facts.ts';
import type { Distribution } from '../facts/distribution.ts';
import type { Fact } from '../facts/fact.ts';

const known = <T>(value: T): Fact<T> => ({ known: true, value });

export const healthy: DoctorFacts = {
  qemu: {
    ...{ path: '/usr/bin/qemu-system-x86_64', version: '7.2.22', missing: [], problem: null },
    cpuModels: ['max'],
  },
  problems: [],
  kvm: { state: 'works', reason: 'A probe guest booted.' },
  kernel: {
    ...{ id: 'k', title: 'Debian 6.1.0-40-amd64', release: '6.1.0-40-amd64' },
    ...{ kernelPath: '/k/vmlinux', bzImagePath: '/k/vmlinuz', initrdPath: '/k/initrd' },
  },
  fence: { problem: null, missing: [] },
  folders: {
    program: { path: '/usr/libexec/virtiofsd', anyoneWrites: true },
    ...({ wanted: 'automatic', problem: '' } as const),
  },
  passt: { program: '/usr/bin/passt', problem: '' },
  distribution: known<Distribution>({ family: 'debian', title: 'Debian GNU/Linux 12 (bookworm)' }),
  person: known({ name: 'ada', isRoot: false }),
  processor: known({
    ...({ virtualisation: 'vmx', vendor: 'intel', isVirtual: false, kvmLoaded: true } as const),
  }),
  kvmDevice: known({ exists: true, openError: null, group: 'kvm', membership: 'active' } as const),
  unreadableKernelFiles: known([]),
  tools: known({
    ...{ 'qemu-img': '/bin/qemu-img', xz: '/bin/xz' },
    ...{ lz4: '/bin/lz4', zstd: '/bin/zstd', skopeo: '/bin/skopeo' },
    ...{ sqfstar: '/bin/sqfstar', mke2fs: '/sbin/mke2fs' },
  }),
  space: known([
    { name: 'data', path: '/d', freeBytes: 9e9 },
    { name: 'state', path: '/s', freeBytes: 8e9 },
    { name: 'cache', path: '/c', freeBytes: 7e9 },
  ] as const),
  runtime: known({
    ...({ path: '/run/user/1000/nandu', state: 'usable' } as const),
    ...{ isOpenToOthers: false, socketPathBytes: 70 },
  }),
  userNamespaces: known({
    ...({ outcome: 'work', said: '' } as const),
    ...{ unprivilegedClone: null, restrictedByAppArmor: null, maximum: 10_000 },
  }),
  memory: known({ availableMiB: 20_000, totalMiB: 24_000 }),
};

type FactName = {
  [Name in keyof DoctorFacts]: DoctorFacts[Name] extends Fact<unknown> ? Name : never;
}[keyof DoctorFacts];
type ValueOf<Name extends FactName> = DoctorFacts[Name] extends Fact<infer Value> ? Value : never;

/** The healthy computer with parts of one fact changed. */
export function withFact<Name extends FactName>(
  name: Name,
  change: Partial<ValueOf<Name>>,
  others: Partial<DoctorFacts> = {},
): DoctorFacts {
  const fact = healthy[name] as Fact<object>;
  const value = fact.known ? fact.value : {};
  return { ...healthy, ...others, [name]: known({ ...value, ...(change as object) }) };
}

/** What one check says of a computer. */
export function checkOf(id: string, facts: DoctorFacts): Omit<CheckResult, 'id' | 'title'> {
  const result = examine(facts).find((check) => check.id === id);
  if (result === undefined) throw new Error(`There is no check “${id}”.`);
  return { result: result.result, message: result.message, mend: result.mend };
}
