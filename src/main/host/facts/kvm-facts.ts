/**
 * What the kernel and the groups of this session say about KVM.
 * Never tells whether a guest runs with it: only a probe boot does.
 */
import { constants, existsSync } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import type { KvmDevice, Person, Processor } from './doctor-facts.ts';

export async function readProcessor(): Promise<Processor> {
  const isLoaded = ['kvm_intel', 'kvm_amd'].some((name) => existsSync(`/sys/module/${name}`));
  return processorOf(await readFile('/proc/cpuinfo', 'utf8'), isLoaded);
}

/** @param cpuInfo the content of /proc/cpuinfo. */
export function processorOf(cpuInfo: string, kvmLoaded: boolean): Processor {
  const value = (key: string): string =>
    new RegExp(`^${key}\\s*:\\s*(.*)$`, 'm').exec(cpuInfo)?.[1]?.trim() ?? '';
  const flags = new Set(value('flags').split(/\s+/));
  const vendors: Record<string, Processor['vendor']> = {
    GenuineIntel: 'intel',
    AuthenticAMD: 'amd',
  };
  return {
    virtualisation: flags.has('vmx') ? 'vmx' : flags.has('svm') ? 'svm' : null,
    vendor: vendors[value('vendor_id')] ?? 'other',
    isVirtual: flags.has('hypervisor'),
    kvmLoaded,
  };
}

/**
 * Opens the device, as QEMU would, and closes it.
 * @param person null when nobody knows who this is.
 * @param device for tests.
 */
export async function readKvmDevice(
  person: Person | null,
  device = '/dev/kvm',
): Promise<KvmDevice> {
  let mode: number;
  let gid: number;
  try {
    ({ mode, gid } = await stat(device));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return { exists: false, openError: null, group: null, membership: 'none' };
  }
  let openError: string | null = null;
  try {
    const file = await open(device, constants.O_RDWR);
    await file.close();
  } catch (error) {
    openError = errnoOf(error) ?? 'unknown error';
  }
  const groups = await readFile('/etc/group', 'utf8');
  const sessionGids = process.getgroups?.() ?? [];
  return { exists: true, openError, ...groupOf({ mode, gid, groups, sessionGids, person }) };
}

/**
 * The group that opens the device, and whether this person is in it.
 * @param groups the content of /etc/group (group(5)).
 */
export function groupOf(seen: {
  readonly mode: number;
  readonly gid: number;
  readonly groups: string;
  readonly sessionGids: readonly number[];
  readonly person: Person | null;
}): Pick<KvmDevice, 'group' | 'membership'> {
  const { mode, gid, groups, sessionGids, person } = seen;
  const mayUse = (mode & 0o060) === 0o060 && gid !== 0;
  const entry = groups
    .split('\n')
    .map((line) => line.split(':'))
    .find((fields) => fields[2] === String(gid));
  const name = entry?.[0] ?? '';
  const isRoot = person?.isRoot === true;
  const isMember = person !== null && (entry?.[3] ?? '').split(',').includes(person.name ?? '');
  const isActive = isRoot || (mayUse && sessionGids.includes(gid));
  return {
    group: mayUse && isSafeName(name) ? name : null,
    membership: isActive ? 'active' : mayUse && isMember ? 'joined' : 'none',
  };
}

/** A user's or group's name that a shell takes for one plain word (useradd(8), "CAVEATS"). */
export function isSafeName(name: string): boolean {
  return /^[a-z_][a-z0-9_-]{0,31}$/i.test(name);
}

function errnoOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
