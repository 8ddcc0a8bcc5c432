/**
 * Judges whether machines run on the processor itself: device, permission, and the probe that proves it.
 * Never fails a computer for KVM: without it machines are emulated, which is slow but works.
 */
import { valueOf } from '../facts/fact.ts';
import type { Processor } from '../facts/doctor-facts.ts';
import { limited, ok, type Check, type Verdict } from './check.ts';

const slow = 'Machines are emulated, which is many times slower.';

const names = { vmx: 'Intel VT-x', svm: 'AMD-V' } as const;
const modules = { vmx: 'kvm_intel', svm: 'kvm_amd' } as const;

export const kvmDeviceCheck: Check = {
  id: 'kvm-device',
  title: 'KVM device',
  judge({ kvmDevice, processor }) {
    const { exists, openError } = valueOf(kvmDevice);
    if (!exists) return withoutDevice(valueOf(processor));
    if (openError !== null && !isPermission(openError)) {
      return limited(`/dev/kvm is there but does not open (${openError}). ${slow}`);
    }
    const virtualisation = processor.known ? processor.value.virtualisation : null;
    return ok(
      virtualisation === null
        ? '/dev/kvm is there, although the processor shows neither Intel VT-x nor AMD-V; the probe boot tells whether it works.'
        : `/dev/kvm is there, and the processor has ${names[virtualisation]}.`,
    );
  },
};

function withoutDevice({ virtualisation, vendor, isVirtual, kvmLoaded }: Processor): Verdict {
  if (kvmLoaded) {
    return limited(
      `The kernel has KVM, but there is no /dev/kvm here, as in a container that was not given it. ${slow}`,
    );
  }
  if (virtualisation !== null) {
    const name = modules[virtualisation];
    return limited(
      `There is no /dev/kvm: the processor has ${names[virtualisation]}, but the module ${name} is not loaded. ${slow}`,
      `sudo modprobe ${name}`,
    );
  }
  if (isVirtual) {
    return limited(
      `There is no /dev/kvm: this computer is itself a virtual machine, and its host does not pass virtualisation on. Switch nested virtualisation on there. ${slow}`,
    );
  }
  const option = {
    intel: '“Intel Virtualization Technology (VT-x)”',
    amd: '“SVM Mode” (AMD-V)',
    other: 'virtualisation (VT-x or SVM)',
  }[vendor];
  return limited(
    `There is no /dev/kvm: the processor’s virtualisation is switched off, or it has none. Switch ${option} on in the firmware’s (BIOS or UEFI) settings. ${slow}`,
  );
}

export const kvmPermissionCheck: Check = {
  id: 'kvm-permission',
  title: 'Permission to use KVM',
  judge({ kvmDevice, person }) {
    const { exists, openError, group, membership } = valueOf(kvmDevice);
    if (!exists) return limited('There is no /dev/kvm that could be used.');
    if (openError === null) return ok('You may use /dev/kvm.');
    if (!isPermission(openError)) {
      return limited(
        `Whether you may use /dev/kvm cannot be told: it does not open (${openError}).`,
      );
    }
    if (membership === 'active') {
      return limited(
        `The system refuses /dev/kvm (${openError}) although its permissions allow it: a container or a security module does so. ${slow}`,
      );
    }
    // Where the name is odd, the shell that runs the command knows it.
    const user = (person.known ? person.value.name : null) ?? '"$USER"';
    if (group === null) {
      return limited(
        `You may not use /dev/kvm: it belongs to root alone. It is usual to give it to the group “kvm”; then log out and in again. ${slow}`,
        `sudo chgrp kvm /dev/kvm && sudo chmod 660 /dev/kvm && sudo usermod -aG kvm ${user}`,
      );
    }
    if (membership === 'joined') {
      return limited(
        `You are in the group “${group}”, which may use /dev/kvm, but this session began before that. Log out and in again. ${slow}`,
      );
    }
    return limited(
      `You may not use /dev/kvm, because you are not in the group “${group}”. Join it, then log out and in again. ${slow}`,
      `sudo usermod -aG ${group} ${user}`,
    );
  },
};

function isPermission(errno: string): boolean {
  return errno === 'EACCES' || errno === 'EPERM';
}

export const kvmBootCheck: Check = {
  id: 'kvm-boot',
  title: 'KVM probe boot',
  judge({ kvm, qemu, kernel }) {
    switch (kvm.state) {
      case 'works':
        return ok('A probe guest booted with KVM, so machines run on the processor itself.');
      case 'unusable':
        return limited(`A probe guest did not boot with KVM. ${kvm.reason} ${slow}`);
      case 'probing':
        return limited('A probe guest is booting with KVM right now; look again in ten seconds.');
      case 'unknown':
        return limited(
          qemu === null || kernel === null
            ? 'Not tried: a probe boot needs QEMU and a guest kernel.'
            : 'Not tried yet.',
        );
    }
  },
};
