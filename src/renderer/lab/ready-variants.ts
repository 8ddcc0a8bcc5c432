/**
 * Ready-made ways to boot a machine, each with what it is in a sentence, and why it cannot be had here.
 * Pure. Never offers what is the machine as it is, nor what no host could boot.
 */
import {
  bootedSpecOf,
  differingPaths,
  presets,
  withPreset,
  type HostStatus,
  type LabVariant,
  type MachineSpec,
  type Preset,
} from '../../shared/index.ts';
import { formatMemory } from '../format/index.ts';

/** Where it stands in the list. */
export const variantGroups = [
  'Kernel',
  'Preset',
  'Console',
  'Memory',
  'QEMU',
  'Yardstick',
] as const;
export type VariantGroup = (typeof variantGroups)[number];

/** One way to boot that can be ticked. */
export interface ReadyVariant {
  /** The same for the same change, whatever the machine. */
  readonly key: string;
  readonly group: VariantGroup | 'Base';
  readonly variant: LabVariant;
  readonly sentence: string;
  /** Why it cannot be chosen now, with what to do; null when it can. */
  readonly problem: string | null;
}

/** What is known of a computer; the parts that decide. */
export type LabHost = Pick<
  HostStatus,
  'qemu' | 'qemus' | 'memoryMiB' | 'defaultKernel' | 'fastKernel'
>;

const memoriesMiB = [128, 512, 1024];
/** A container's programs would be ended for want of memory before anything is measured. */
const containerMemoryMiB = 256;
const asItIs = 'as-it-is';

/** @param base the machine, or Nandu's defaults. The first is the base as it is. */
export function readyVariants(base: MachineSpec, host: LabHost): ReadyVariant[] {
  const all = [
    ready(asItIs, 'Base', 'As it is', base, 'The machine with all of its options.'),
    ...kernels(base, host),
    ...presetVariants(base),
    ...consoles(base),
    ...memories(base, host),
    ...qemus(base, host),
    yardstick(base, host),
  ];
  return all.filter(({ key, variant }) => key === asItIs || !bootsAlike(variant, all[0]?.variant));
}

/** Fields that do not change how a machine boots in the lab. */
const idle = new Set([
  ...['name', 'labels', 'notes', 'preset', 'portForwards', 'lifetimeMinutes', 'onReboot'],
  ...['stopDeadlines', 'readyDeadlineSeconds'],
]);

/** Whether the lab would boot both in the same way. */
export function bootsAlike(
  { spec, board }: Pick<LabVariant, 'spec' | 'board'>,
  other: Pick<LabVariant, 'spec' | 'board'> | undefined,
): boolean {
  return other?.board === board && bootDifferences(spec, other.spec).length === 0;
}

/** The paths of options at which two definitions boot differently. */
export function bootDifferences(one: MachineSpec, other: MachineSpec): string[] {
  return differingPaths(one, other).filter((path) => !idle.has(path.split('.')[0] ?? ''));
}

function ready(
  key: string,
  group: ReadyVariant['group'],
  name: string,
  spec: MachineSpec,
  sentence: string,
  problem: string | null = null,
): ReadyVariant {
  return { key, group, variant: { name, spec, board: 'microvm' }, sentence, problem };
}

/** What a person gives up with the fast kernel, and what comes with it. */
const fastCaution = 'No mitigations of processor flaws, no modules, no firewall.';

/** Said where it is chosen or applied; the README has the whole of it. */
function cautionOf({ kernel, initrd }: MachineSpec): string {
  if (kernel.kind === 'fast') return '';
  return ` ${fastCaution}${initrd.kind === 'default' ? ' The initrd changes with it.' : ''}`;
}

function kernels(base: MachineSpec, host: LabHost): ReadyVariant[] {
  const { defaultKernel, fastKernel } = host;
  const title = defaultKernel?.title ?? 'The distribution’s kernel';
  const notMade = fastKernel ? null : 'Not made yet: “npm run guest:kernel” makes it.';
  const notPrepared = defaultKernel ? null : 'Not prepared yet: “npm run setup” does.';
  // Distributions' kernels find no device without ACPI.
  const withAcpi = { ...base, board: { ...base.board, acpi: true } };
  const withoutAcpi = { ...base, board: { ...base.board, acpi: false } };
  const bzImage = { kind: 'file', path: defaultKernel?.bzImagePath ?? '/vmlinuz' } as const;
  const found = [
    ready(
      ...(['kernel-elf', 'Kernel', 'ELF kernel'] as const),
      { ...withAcpi, kernel: { kind: 'default' } },
      `${title} as an ELF file, which need not unpack itself.`,
      notPrepared,
    ),
    ready(
      ...(['kernel-bzimage', 'Kernel', 'bzImage kernel'] as const),
      { ...withAcpi, kernel: bzImage },
      `${title} as it was packed; it unpacks itself first.`,
      notPrepared,
    ),
    ready(
      ...(['kernel-fast', 'Kernel', 'Fast kernel'] as const),
      { ...base, kernel: { kind: 'fast' } },
      `${fastKernel?.title ?? 'Nandu’s own small kernel'}: little more than what a microVM has.${cautionOf(base)}`,
      notMade,
    ),
    ready(
      ...(['kernel-fast-no-acpi', 'Kernel', 'Fast kernel, no ACPI'] as const),
      { ...withoutAcpi, kernel: { kind: 'fast' } },
      `It reads its devices from the command line, and no ACPI table is made or read.${cautionOf(base)}`,
      notMade,
    ),
    ...(base.board.acpi
      ? []
      : [
          ready(
            ...(['acpi', 'Kernel', 'With ACPI'] as const),
            withAcpi,
            'The kernel finds its devices in ACPI’s tables.',
          ),
        ]),
  ];
  if (!base.kernelDefaults) return found;
  const quietKernel = !base.quietKernel;
  const [name, sentence] = quietKernel
    ? ['Quiet kernel', 'The kernel keeps its log to itself.']
    : ['Kernel’s log', 'The kernel writes its log to the console, as it comes.'];
  const key = quietKernel ? 'quiet' : 'log';
  return [...found, ready(key, 'Kernel', name, { ...base, quietKernel }, sentence)];
}

function presetVariants(base: MachineSpec): ReadyVariant[] {
  const names: Preset[] = ['compatible', 'fast', 'minimal', 'emulated'];
  return names.map((preset) => {
    const { title, summary } = presets[preset];
    return ready(
      ...([`preset-${preset}`, 'Preset', `${title} preset`] as const),
      withPreset(base, preset),
      summary,
    );
  });
}

function consoles(base: MachineSpec): ReadyVariant[] {
  return [
    ready(
      ...(['console-virtio', 'Console', 'Virtio console'] as const),
      { ...base, console: 'virtio' },
      'hvc0 moves whole buffers, but shows nothing before its driver is there.',
    ),
    ready(
      ...(['console-serial', 'Console', 'Serial console'] as const),
      { ...base, console: 'serial', board: { ...base.board, isaSerial: true } },
      'ttyS0 works from the first instruction on, byte by byte.',
    ),
  ];
}

function memories(base: MachineSpec, host: LabHost): ReadyVariant[] {
  return memoriesMiB
    .filter((memoryMiB) => memoryMiB < host.memoryMiB)
    .filter((memoryMiB) => base.container === null || memoryMiB >= containerMemoryMiB)
    .map((memoryMiB) =>
      ready(
        ...([`memory-${memoryMiB}`, 'Memory', `${formatMemory(memoryMiB)} of memory`] as const),
        { ...base, memoryMiB },
        memoryMiB > base.memoryMiB
          ? 'More pages for the kernel to set up.'
          : 'Fewer pages for the kernel to set up.',
      ),
    );
}

function qemus(base: MachineSpec, { qemu, qemus: all }: LabHost): ReadyVariant[] {
  const current = base.qemuPath ?? qemu?.path;
  const others = all.filter(({ path }) => path !== current);
  return others.map(({ path, version, problem }) => {
    const twins = others.filter((other) => other.version === version);
    const name = `QEMU ${version || 'of unknown version'}`;
    const number =
      twins.length > 1 ? ` (${twins.findIndex((twin) => twin.path === path) + 1})` : '';
    const spec = { ...base, qemuPath: path };
    return ready(`qemu ${path}`, 'QEMU', `${name}${number}`, spec, path, problem);
  });
}

function yardstick(base: MachineSpec, host: LabHost): ReadyVariant {
  const replaced = base.kernel.kind === 'fast';
  const spec: MachineSpec = replaced ? { ...base, kernel: { kind: 'default' } } : base;
  const board = 'q35';
  const made = ready(
    ...(['q35', 'Yardstick', 'q35 (yardstick)'] as const),
    // Without what that board has anyway, it would be refused as the microvm that it is not.
    bootedSpecOf({ spec, board }),
    replaced
      ? `QEMU’s ordinary board with SeaBIOS and PCI, with ${host.defaultKernel?.title ?? 'the default kernel'}: the fast one has no drivers for PCI.`
      : 'The same on QEMU’s ordinary board, with SeaBIOS and PCI.',
    replaced && host.defaultKernel === null ? 'Not prepared yet: “npm run setup” does.' : null,
  );
  return { ...made, variant: { ...made.variant, board } };
}
