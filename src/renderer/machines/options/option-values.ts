/**
 * The values of options in words, and the choices that a select or a row of radio buttons offers.
 * Pure.
 */
import {
  networks,
  networkSchema,
  type MachineSpec,
  type OnOffAuto,
} from '../../../shared/index.ts';

/** One value to choose. */
export interface Choice<Value> {
  value: Value;
  title: string;
  /** A sentence that is shown while it is chosen. */
  hint?: string;
}

export const onOff: readonly Choice<boolean>[] = [
  { value: true, title: 'On' },
  { value: false, title: 'Off' },
];

export const onOffAuto: readonly Choice<OnOffAuto>[] = [
  { value: 'auto', title: 'Auto' },
  { value: 'on', title: 'On' },
  { value: 'off', title: 'Off' },
];

export const accelerators: readonly Choice<MachineSpec['accelerator']>[] = [
  { value: 'auto', title: 'Automatic: KVM where it works, emulation elsewhere' },
  { value: 'kvm', title: 'KVM' },
  { value: 'tcg', title: 'Emulation (TCG)' },
];

export const memoryBackends: readonly Choice<MachineSpec['memoryBackend']>[] = [
  { value: 'private', title: 'Private', hint: 'QEMU’s own memory, gone with the process.' },
  {
    value: 'shared',
    title: 'Shared',
    hint: 'A memfd that other processes can be given, as virtiofsd needs it.',
  },
  {
    value: 'file',
    title: 'File',
    hint: 'A file in the run’s folder, from which a template can be forked.',
  },
];

export const firmwares: readonly Choice<MachineSpec['firmware']['kind']>[] = [
  { value: 'automatic', title: 'QEMU’s own choice' },
  { value: 'qboot', title: 'qboot' },
  { value: 'seabios', title: 'SeaBIOS' },
  { value: 'file', title: 'A file' },
];

export const firmwareHints: Record<MachineSpec['firmware']['kind'], string> = {
  automatic: 'SeaBIOS with ACPI, qboot without.',
  qboot: 'A minimal firmware that loads the kernel itself, in a few milliseconds.',
  seabios: 'The full BIOS in its build for microvm.',
  file: 'A firmware image of your own.',
};

export const consoles: readonly Choice<MachineSpec['console']>[] = [
  {
    value: 'serial',
    title: 'Serial',
    hint: 'ttyS0: shows everything from the first instruction on, byte by byte.',
  },
  {
    value: 'virtio',
    title: 'Virtio',
    hint: 'hvc0: many times faster, but silent until the kernel has loaded its driver.',
  },
  {
    value: 'both',
    title: 'Both',
    hint: 'The live console is hvc0; what ttyS0 prints goes to a log of its own.',
  },
];

export const networkChoices: readonly Choice<MachineSpec['network']>[] = networkSchema.options.map(
  (value) => ({ value, title: networks[value].title, hint: networks[value].summary }),
);

export const rebootChoices: readonly Choice<MachineSpec['onReboot']>[] = [
  { value: 'restart', title: 'Start it again', hint: 'As a new run, with the newest definition.' },
  { value: 'stop', title: 'Stop', hint: 'The machine is then stopped.' },
];

export const diskFormats: readonly Choice<MachineSpec['disks'][number]['format']>[] = [
  { value: 'raw', title: 'raw' },
  { value: 'qcow2', title: 'qcow2' },
];

export const diskAccess: readonly Choice<boolean>[] = [
  { value: false, title: 'Read and write' },
  { value: true, title: 'Read only' },
];

/** QEMU's names with what they mean, safest to fastest as qemu(1) explains them. */
export const diskCaches: readonly Choice<MachineSpec['disks'][number]['cache']>[] = [
  { value: 'writeback', title: 'writeback: host cache, flushed when the guest asks' },
  { value: 'none', title: 'none: past the host’s cache' },
  { value: 'writethrough', title: 'writethrough: every write reaches the disk' },
  { value: 'directsync', title: 'directsync: every write, past the host’s cache' },
  { value: 'unsafe', title: 'unsafe: never flushed, for throw-away disks' },
];

const valueTitles: Readonly<Record<string, readonly Choice<unknown>[]>> = {
  accelerator: [{ value: 'auto', title: 'Automatic' }, ...accelerators.slice(1)],
  memoryBackend: memoryBackends,
  console: consoles,
};

/** A preset option's value in a word or two. */
export function describeValue(path: string, value: unknown): string {
  const known = valueTitles[path]?.find((choice) => choice.value === value)?.title;
  if (known !== undefined) return known;
  if (typeof value === 'boolean') return value ? 'On' : 'Off';
  if (value === null) return path === 'cpuModel' ? 'Automatic' : 'None';
  if (path === 'firmware') {
    const { kind } = value as MachineSpec['firmware'];
    return firmwares.find((choice) => choice.value === kind)?.title ?? kind;
  }
  const text = String(value);
  return path.startsWith('board.') ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}
