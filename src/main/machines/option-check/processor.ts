/**
 * Processor, memory and what a kernel needs to come up at all.
 * Limits of the form are the schema's; these are the host's and the guest's.
 */
import type { Finding, MachineSpec } from '../../../shared/index.ts';
import { error, mend, warning, type OptionContext } from './finding.ts';

/** Debian's 6.1 as ELF with Nandu's initrd: 128 MiB boots, 64 hangs, 32 resets. */
const comfortableMiB = 128;

export function checkProcessor(
  { accelerator: wanted, cpuModel }: MachineSpec,
  { accelerator, cpuModels, kvmProblem }: OptionContext,
): Finding[] {
  const findings: Finding[] = [];
  if (wanted === 'kvm' && kvmProblem !== null) {
    findings.push(
      warning(
        'kvm-unusable',
        'accelerator',
        `KVM does not boot a guest here. ${kvmProblem}`,
        mend('Choose automatically', { accelerator: 'auto' }),
      ),
    );
  }
  if (cpuModel === null) return findings;
  const [name = ''] = cpuModel.split(',');
  const fallBack = mend('Use the default', { cpuModel: null });
  if (name === 'host' && accelerator === 'tcg') {
    findings.push(
      error('cpu-host-needs-kvm', 'cpuModel', 'The CPU model “host” needs KVM.', fallBack),
    );
  } else if (cpuModels.length > 0 && !['host', 'max', ...cpuModels].includes(name)) {
    const message = `This QEMU knows no CPU model “${name}”.`;
    findings.push(error('cpu-unknown', 'cpuModel', message, fallBack));
  }
  return findings;
}

/** Distributions' kernels have their disk drivers as modules, which an initrd brings. */
export function checkRoot(spec: MachineSpec): Finding[] {
  const findings: Finding[] = [];
  if (spec.kernel.kind !== 'default') return findings;
  if (spec.initrd.kind === 'none') {
    findings.push(
      warning(
        'no-root-file-system',
        'initrd',
        'Without an initrd this kernel has no driver for a disk, so it finds no root file system and panics.',
        mend('Use Nandu’s initrd', { initrd: { kind: 'default' } }),
      ),
    );
  } else if (spec.memoryMiB < comfortableMiB) {
    findings.push(
      warning(
        'little-memory',
        'memoryMiB',
        `This kernel and an initrd need about ${comfortableMiB} MiB; with less they may hang or restart without a word.`,
        mend(`Use ${comfortableMiB} MiB`, { memoryMiB: comfortableMiB }),
      ),
    );
  }
  return findings;
}

export function checkSize(spec: MachineSpec, { cpuCount, accelerator }: OptionContext): Finding[] {
  const findings: Finding[] = [];
  if (spec.vcpus > 255 && accelerator === 'tcg') {
    findings.push(
      error(
        'too-many-vcpus-emulated',
        'vcpus',
        'More than 255 vCPUs need the interrupt controller of KVM; emulation does not have it.',
        mend(`Use ${Math.min(255, cpuCount)}`, { vcpus: Math.min(255, cpuCount) }),
      ),
    );
  }
  if (spec.memoryMiB === 2048 && spec.board.acpi) {
    findings.push(
      warning(
        'two-gib-with-acpi',
        'memoryMiB',
        'A guest with exactly 2 GiB of memory and ACPI can hang (microvm.nix issue 171).',
        mend('Use 2047 MiB', { memoryMiB: 2047 }),
      ),
    );
  }
  if (spec.vcpus > cpuCount) {
    findings.push(
      warning(
        'more-vcpus-than-cpus',
        'vcpus',
        `This computer has ${cpuCount} CPUs: more vCPUs than that only wait for each other.`,
        mend(`Use ${cpuCount}`, { vcpus: cpuCount }),
      ),
    );
  }
  return findings;
}
