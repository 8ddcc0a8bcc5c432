import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { doctorReportSchema } from '../../shared/index.ts';
import { healthy } from './checks/healthy-computer.ts';
import { examine, runDoctor } from './doctor.ts';
import type { DoctorFacts } from './facts/doctor-facts.ts';
import { resolvePaths } from './paths.ts';
import { findQemu } from './qemu-binary.ts';

const ids = [
  ...['qemu', 'kvm-device', 'kvm-permission', 'kvm-boot', 'kernel', 'tools', 'disk-space'],
  ...['runtime-folder', 'user-namespaces', 'fenced-network', 'full-network'],
  ...['shared-folders', 'memory'],
];

describe('examine', () => {
  it('has nothing to say against a healthy computer', () => {
    const checks = examine(healthy);
    expect(checks.map(({ id }) => id)).toEqual(ids);
    expect(checks.map(({ result, mend }) => [result, mend])).toEqual(ids.map(() => ['ok', null]));
    expect(checks.map(({ message }) => message)).toMatchInlineSnapshot(`
      [
        "QEMU 7.2.22 at /usr/bin/qemu-system-x86_64 has everything that Nandu can use.",
        "/dev/kvm is there, and the processor has Intel VT-x.",
        "You may use /dev/kvm.",
        "A probe guest booted with KVM, so machines run on the processor itself.",
        "Debian 6.1.0-40-amd64 is prepared.",
        "qemu-img, xz, lz4, zstd, skopeo, sqfstar and mke2fs are installed.",
        "6.5 GiB or more are free wherever Nandu keeps something.",
        "“/run/user/1000/nandu” is there, and yours alone.",
        "You may make user namespaces.",
        "A machine can have the internet without this computer and the local network.",
        "“Full” uses passt, /usr/bin/passt.",
        "Shared folders use virtiofs, served by /usr/libexec/virtiofsd.",
        "19 GiB of 23 GiB are available.",
      ]
    `);
  });

  it('makes of everything that nobody could find out a limited result that says so', () => {
    const unknown = { known: false, problem: 'the cat sat on it' } as const;
    const facts: DoctorFacts = {
      ...healthy,
      ...{ distribution: unknown, person: unknown, processor: unknown, kvmDevice: unknown },
      ...{ unreadableKernelFiles: unknown, tools: unknown, space: unknown, runtime: unknown },
      ...{ userNamespaces: unknown, memory: unknown },
    };
    const told = { result: 'limited', message: 'This could not be checked: the cat sat on it.' };
    expect(examine(facts)).toMatchObject(
      ids.map((id) =>
        ['qemu', 'kvm-boot', 'fenced-network', 'full-network', 'shared-folders'].includes(id)
          ? { id, result: 'ok' }
          : { id, ...told },
      ),
    );
  });

  it('survives facts of no shape at all', () => {
    const checks = examine(Object.fromEntries([]) as unknown as DoctorFacts);
    expect(checks.map(({ id, result }) => [id, result])).toEqual(ids.map((id) => [id, 'limited']));
  });
});

describe('runDoctor', () => {
  it('gives a plausible report of this computer', async () => {
    const { path, version } = await findQemu(process.env);
    const report = await runDoctor({
      qemu: { path, version, missing: [], cpuModels: [], problem: null },
      problems: [{ code: 'guest_missing', message: 'No kernel.', details: {} }],
      kvm: { state: 'unusable', reason: 'A guest hung.' },
      kernel: null,
      fence: { problem: null, missing: [] },
      folders: healthy.folders,
      passt: healthy.passt,
      paths: resolvePaths(process.env, homedir()),
      env: process.env,
    });
    expect(doctorReportSchema.parse(report)).toEqual(report);
    expect(Math.abs(report.atMs - Date.now())).toBeLessThan(60_000);
    expect(report.checks.map(({ id }) => id)).toEqual(ids);
    const by = Object.fromEntries(report.checks.map((check) => [check.id, check]));
    expect(by['qemu']).toMatchObject({ message: expect.stringContaining(version) });
    expect(by['kvm-boot']).toMatchObject({ result: 'limited' });
    expect(by['kernel']).toMatchObject({ result: 'failed', mend: 'npm run setup' });
    // A host that runs these tests has at least room and memory for them.
    expect(by['disk-space']?.result).not.toBe('failed');
    expect(by['memory']?.message).toMatch(
      /^\d+(\.\d)? [GM]iB of \d+(\.\d)? [GM]iB are available\./,
    );
    for (const { message } of report.checks) expect(message).not.toContain('could not be checked');
  });
});
