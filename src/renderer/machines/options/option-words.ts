/**
 * The options in words: sections, titles, QEMU's own names, one explaining sentence each.
 * Pure; the only place where the Settings tab's sentences are written.
 */
import type { Board, Devices, MachineSpec } from '../../../shared/index.ts';
import { covers } from './field-paths.ts';

/** The sections in the order of the page, each with the fields that it holds. */
export const sections = [
  { name: 'general', title: 'General', fields: ['name', 'labels', 'notes'] },
  { name: 'container', title: 'Container', fields: ['container'] },
  { name: 'preset', title: 'Preset options', fields: ['preset'] },
  {
    name: 'processor',
    title: 'Processor and memory',
    fields: ['qemuPath', 'accelerator', 'cpuModel', 'vcpus', 'memoryMiB', 'memoryBackend'],
  },
  { name: 'board', title: 'Board', fields: ['board'] },
  {
    name: 'boot',
    title: 'Boot',
    fields: [
      'firmware',
      'kernel',
      'initrd',
      'kernelDefaults',
      'quietKernel',
      'commandLine',
      'ready',
      'readyDeadlineSeconds',
      'bootDetail',
    ],
  },
  { name: 'console', title: 'Console', fields: ['console'] },
  { name: 'disks', title: 'Disks', fields: ['disks'] },
  { name: 'network', title: 'Network', fields: ['network', 'portForwards'] },
  { name: 'devices', title: 'Devices', fields: ['devices'] },
  {
    name: 'lifecycle',
    title: 'Lifecycle',
    fields: ['lifetimeMinutes', 'onReboot', 'stopDeadlines'],
  },
] as const satisfies readonly {
  name: string;
  title: string;
  fields: readonly (keyof MachineSpec)[];
}[];

export type SectionName = (typeof sections)[number]['name'];

/** An option of the board or a device: on and off, or with QEMU's own choice as a third. */
export interface OptionWords<Key> {
  key: Key;
  title: string;
  /** What QEMU calls it. */
  qemuName: string;
  explanation: string;
}

/** The board's options in the order of QEMU's manual (docs/system/i386/microvm.rst). */
export const boardOptions: readonly OptionWords<keyof Board>[] = [
  {
    key: 'acpi',
    title: 'ACPI',
    qemuName: 'acpi',
    explanation: 'Tables by which the kernel finds its devices; distribution kernels need them.',
  },
  {
    key: 'pic',
    title: 'Interrupt controller',
    qemuName: 'pic',
    explanation: 'The old i8259. A guest under KVM can do without it.',
  },
  {
    key: 'pit',
    title: 'Interval timer',
    qemuName: 'pit',
    explanation:
      'The old i8254. Kernels set their clocks by it unless KVM gives them a better one.',
  },
  {
    key: 'rtc',
    title: 'Real-time clock',
    qemuName: 'rtc',
    explanation: 'The MC146818, from which a guest without kvm-clock reads the date.',
  },
  {
    key: 'isaSerial',
    title: 'Serial port',
    qemuName: 'isa-serial',
    explanation: 'The guest’s ttyS0. It works from the first instruction on, but slowly.',
  },
  {
    key: 'optionRoms',
    title: 'Option ROMs',
    qemuName: 'x-option-roms',
    explanation: 'Small programs that load the kernel; SeaBIOS needs them, qboot does not.',
  },
  {
    key: 'autoKernelCommandLine',
    title: 'Devices on the command line',
    qemuName: 'auto-kernel-cmdline',
    explanation: 'Without ACPI, QEMU tells the kernel there where its devices are.',
  },
  {
    key: 'ioapic2',
    title: 'Second IO-APIC',
    qemuName: 'ioapic2',
    explanation: 'Makes room for 24 virtio devices in place of 8.',
  },
  {
    key: 'pcie',
    title: 'PCI Express',
    qemuName: 'pcie',
    explanation: 'A bus for PCI devices. It needs ACPI and costs boot time.',
  },
  {
    key: 'usb',
    title: 'USB',
    qemuName: 'usb',
    explanation: 'An xHCI controller. It needs ACPI.',
  },
];

/** The devices that are there or not. */
export const deviceOptions: readonly OptionWords<Exclude<keyof Devices, 'vsockCid'>>[] = [
  {
    key: 'agent',
    title: 'Agent',
    qemuName: 'virtserialport',
    explanation: 'The port over which the guest says that it is ready, and is asked to power off.',
  },
  {
    key: 'rng',
    title: 'Random numbers',
    qemuName: 'virtio-rng-device',
    explanation: 'Entropy from this computer, so that a fresh guest need not wait for its own.',
  },
  {
    key: 'balloon',
    title: 'Memory balloon',
    qemuName: 'virtio-balloon-device',
    explanation: 'Lets the guest give back memory, and tells how much it uses.',
  },
  {
    key: 'pvpanic',
    title: 'Panic notice',
    qemuName: 'pvpanic',
    explanation: 'The guest’s kernel tells QEMU when it panics; it needs the module of that name.',
  },
];

/** The rungs of the stop ladder, in their order. */
export const deadlineOptions = [
  {
    key: 'askGuestMs',
    title: 'Guest (seconds)',
    explanation: 'First the guest is asked to power off.',
  },
  { key: 'quitMs', title: 'QEMU (seconds)', explanation: 'Then QEMU is asked to end.' },
  {
    key: 'terminateMs',
    title: 'Process (seconds)',
    explanation: 'Then the process gets SIGTERM; after that SIGKILL, which nothing can refuse.',
  },
] as const;

const titles: Readonly<Record<string, string>> = {
  name: 'Name',
  labels: 'Labels',
  notes: 'Notes',
  preset: 'Preset',
  qemuPath: 'QEMU binary',
  accelerator: 'Accelerator',
  cpuModel: 'CPU model',
  vcpus: 'vCPUs',
  memoryMiB: 'Memory (MiB)',
  memoryBackend: 'Memory backend',
  board: 'Board',
  firmware: 'Firmware',
  kernel: 'Kernel',
  initrd: 'Initrd',
  kernelDefaults: 'Nandu’s kernel options',
  quietKernel: 'Quiet kernel',
  commandLine: 'Kernel command line',
  ready: 'Ready when',
  'ready.text': 'Text on the console',
  'ready.port': 'Port in the guest',
  'ready.name': 'Name of the mark',
  readyDeadlineSeconds: 'Ready within (seconds)',
  bootDetail: 'Detailed boot log',
  console: 'Live console',
  disks: 'Disks',
  network: 'Connection',
  portForwards: 'Ports',
  container: 'Container',
  'container.image': 'Image',
  'container.digest': 'Image',
  'container.entrypoint': 'Entrypoint',
  'container.command': 'Command',
  'container.environment': 'Environment',
  'container.secrets': 'Secrets',
  'container.user': 'User',
  'container.workingDirectory': 'Working directory',
  'container.storage': 'Storage',
  'container.diskMiB': 'Disk size (MiB)',
  'container.folders': 'Folders',
  'container.runOnce': 'Run once',
  lifetimeMinutes: 'Lifetime (minutes)',
  devices: 'Devices',
  'devices.vsockCid': 'vsock CID',
  onReboot: 'When the guest reboots',
  stopDeadlines: 'Stop deadlines',
  ...Object.fromEntries(boardOptions.map(({ key, title }) => [`board.${key}`, title])),
  ...Object.fromEntries(deviceOptions.map(({ key, title }) => [`devices.${key}`, title])),
  ...Object.fromEntries(deadlineOptions.map(({ key, title }) => [`stopDeadlines.${key}`, title])),
};

const diskTitles: Readonly<Record<string, string>> = {
  path: 'image',
  format: 'format',
  readOnly: 'access',
  cache: 'cache',
  'limits.iops': 'operations per second',
  'limits.bytesPerSecond': 'bytes per second',
};

/** A field's title as its label has it; that of the nearest field that has one for a part. */
export function titleOf(path: string): string {
  const disk = /^disks\.(\d+)\.?(.*)$/.exec(path);
  if (disk) {
    const part = diskTitles[disk[2] ?? ''];
    return `Disk ${Number(disk[1]) + 1}${part === undefined ? '' : `: ${part}`}`;
  }
  for (let at = path; at !== ''; at = at.includes('.') ? at.slice(0, at.lastIndexOf('.')) : '') {
    const title = titles[at];
    if (title !== undefined) return title;
  }
  return path;
}

/** Whether the field at a path has a row of its own, where what concerns it is said. */
export function hasRow(path: string): boolean {
  const disk = /^disks(?:\.\d+)?\.?(.*)$/.exec(path);
  if (disk) return disk[1] === '' || Object.keys(diskTitles).some((part) => disk[1] === part);
  const groups = ['board', 'devices', 'stopDeadlines', 'container'];
  return Object.keys(titles).some((field) => !groups.includes(field) && covers(field, path));
}

/** The section that holds a field. */
export function sectionOf(path: string): SectionName {
  const section = sections.find(({ fields }) => fields.some((field) => covers(field, path)));
  return section?.name ?? 'general';
}
