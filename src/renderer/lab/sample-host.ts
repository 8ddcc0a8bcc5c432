/** A computer for tests of the lab; never part of the app. */
import { defaultSpec, type HostStatus, type MachineSpec } from '../../shared/index.ts';

const kernel = (id: string, title: string): NonNullable<HostStatus['defaultKernel']> => ({
  ...{ id, title, release: '6.1', kernelPath: `/k/${id}`, bzImagePath: `/k/${id}-bz` },
  initrdPath: `/k/${id}-initrd`,
});

const qemu = (path: string, version: string): HostStatus['qemus'][number] => ({
  ...{ path, version, missing: [], cpuModels: [], problem: null },
});

export const sampleHost: HostStatus = {
  qemu: { path: '/usr/bin/qemu', version: '7.2.22' },
  qemus: [qemu('/usr/bin/qemu', '7.2.22'), qemu('/opt/qemu', '9.1.0')],
  problems: [],
  kvm: { state: 'unusable', reason: 'No /dev/kvm.' },
  memoryMiB: 4_000,
  cpuCount: 4,
  defaultKernel: kernel('debian', 'Debian 6.1.0-56-amd64'),
  fastKernel: kernel('fast', 'Nandu 6.1.192'),
};

export const sampleSpec: MachineSpec = { ...defaultSpec, name: 'web' };
