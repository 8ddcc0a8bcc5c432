import { expect, it } from 'vitest';
import { labVariantSchema, withPreset, type MachineSpec } from '../../shared/index.ts';
import { bootDifferences, readyVariants } from './ready-variants.ts';
import { sampleHost, sampleSpec } from './sample-host.ts';

const keysOf = (spec: MachineSpec, host = sampleHost): string[] =>
  readyVariants(spec, host)
    .filter(({ problem }) => problem === null)
    .map(({ key }) => key);

it('offers what differs from the machine, and nothing that is the machine as it is', () => {
  expect(keysOf(sampleSpec)).toEqual([
    ...['as-it-is', 'kernel-bzimage', 'kernel-fast', 'kernel-fast-no-acpi', 'quiet'],
    ...['preset-fast', 'preset-minimal', 'preset-emulated', 'console-virtio'],
    ...['memory-128', 'memory-512', 'memory-1024', 'qemu /opt/qemu', 'q35'],
  ]);
  const bzImage: MachineSpec = {
    ...sampleSpec,
    kernel: { kind: 'file', path: '/k/debian-bz' },
    quietKernel: true,
    memoryMiB: 512,
  };
  expect(keysOf(bzImage)).toEqual([
    ...['as-it-is', 'kernel-elf', 'kernel-fast', 'kernel-fast-no-acpi', 'log'],
    ...['preset-compatible', 'preset-fast', 'preset-minimal', 'preset-emulated', 'console-virtio'],
    ...['memory-128', 'memory-1024', 'qemu /opt/qemu', 'q35'],
  ]);
});

it('differs in just what it says', () => {
  const of = (key: string): string[] => {
    const found = readyVariants(sampleSpec, sampleHost).find((one) => one.key === key);
    return bootDifferences(sampleSpec, found?.variant.spec ?? sampleSpec);
  };
  expect(of('kernel-fast')).toEqual(['kernel.kind']);
  expect(of('kernel-fast-no-acpi')).toEqual(['kernel.kind', 'board.acpi']);
  expect(of('quiet')).toEqual(['quietKernel']);
  expect(of('q35')).toEqual([]);
});

it('gives a machine without ACPI a kernel that finds devices, and a serial console its port', () => {
  const bare: MachineSpec = {
    ...sampleSpec,
    kernel: { kind: 'fast' },
    board: { ...sampleSpec.board, acpi: false, isaSerial: false },
    console: 'virtio',
  };
  const all = readyVariants(bare, sampleHost);
  const of = (key: string): MachineSpec | undefined =>
    all.find((one) => one.key === key)?.variant.spec;
  expect(of('kernel-fast-no-acpi')).toBeUndefined();
  expect(of('kernel-elf')?.board.acpi).toBe(true);
  expect(of('acpi')?.board.acpi).toBe(true);
  expect(of('console-serial')?.board.isaSerial).toBe(true);
  // The fast kernel has no drivers for PCI.
  expect(of('q35')?.kernel.kind).toBe('default');
});

it('gives the yardstick’s board all that it has, whatever the machine’s leaves out', () => {
  const fast = withPreset({ ...sampleSpec, kernel: { kind: 'fast' } }, 'fast');
  expect(fast.board.acpi).toBe(false);
  const bases = [fast, withPreset(sampleSpec, 'minimal')];
  for (const base of bases) {
    const found = readyVariants(base, sampleHost).find(({ key }) => key === 'q35');
    // It was refused as a microvm without ACPI, whose devices Debian’s kernel does not find.
    expect(found?.variant).toMatchObject({
      board: 'q35',
      spec: { board: sampleSpec.board, firmware: { kind: 'automatic' }, console: base.console },
    });
  }
});

it('says what is not there, and does not offer more memory than there is', () => {
  const poor = { ...sampleHost, fastKernel: null, memoryMiB: 600 };
  const keys = keysOf(sampleSpec, poor);
  expect(keys).not.toContain('kernel-fast');
  expect(keys).toContain('memory-512');
  expect(keys).not.toContain('memory-1024');
  const fast = readyVariants(sampleSpec, poor).find(({ key }) => key === 'kernel-fast');
  expect(fast?.problem).toBe('Not made yet: “npm run guest:kernel” makes it.');
});

it('has names that the lab takes, also of QEMUs of one version', () => {
  const twin = { ...sampleHost.qemus[1], path: '/opt/other' } as (typeof sampleHost.qemus)[0];
  const all = readyVariants(sampleSpec, { ...sampleHost, qemus: [...sampleHost.qemus, twin] });
  const names = all.map(({ variant }) => labVariantSchema.parse(variant).name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain('QEMU 9.1.0 (2)');
});

it('says what a person gives up with the fast kernel, and that its initrd comes with it', () => {
  const sentences = (base: MachineSpec): string[] =>
    readyVariants(base, sampleHost)
      .filter(({ key }) => key.startsWith('kernel-fast'))
      .map(({ sentence }) => sentence);
  const warning = /No mitigations of processor flaws, no modules, no firewall\./;
  const [fast, bare] = sentences(sampleSpec);
  expect(fast).toMatch(warning);
  expect(bare).toMatch(warning);
  expect(fast).toContain('The initrd changes with it.');
  const own: MachineSpec = { ...sampleSpec, initrd: { kind: 'none' } };
  expect(sentences(own)[0]).not.toContain('initrd');
  // A machine that has it gives up nothing more.
  expect(sentences({ ...sampleSpec, kernel: { kind: 'fast' } }).join()).not.toMatch(warning);
});
