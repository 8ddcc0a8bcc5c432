/** The presets: named sets of options, each with what it changes and why. Nothing else decides options. */
import type { KernelChoice, MachineSpec, Preset } from './machine-spec.ts';

/** The options that a preset decides; everything else stays as the person had it. */
export type PresetOptions = Pick<
  MachineSpec,
  | 'accelerator'
  | 'board'
  | 'firmware'
  | 'kernelDefaults'
  | 'quietKernel'
  | 'console'
  | 'devices'
  | 'memoryBackend'
  | 'cpuModel'
>;

const compatible: PresetOptions = {
  accelerator: 'auto',
  cpuModel: null,
  memoryBackend: 'private',
  board: {
    acpi: true,
    pic: 'auto',
    pit: 'auto',
    rtc: 'auto',
    isaSerial: true,
    optionRoms: true,
    autoKernelCommandLine: true,
    ioapic2: 'auto',
    pcie: 'auto',
    usb: false,
  },
  firmware: { kind: 'automatic' },
  kernelDefaults: true,
  quietKernel: false,
  console: 'serial',
  devices: { agent: true, rng: true, balloon: false, pvpanic: false, vsockCid: null },
};

const fast: PresetOptions = {
  ...compatible,
  board: { ...compatible.board, optionRoms: false },
  firmware: { kind: 'qboot' },
  quietKernel: true,
  devices: { ...compatible.devices, rng: false },
};

const minimal: PresetOptions = {
  ...fast,
  board: {
    ...compatible.board,
    pic: 'off',
    pit: 'off',
    rtc: 'off',
    isaSerial: false,
    optionRoms: false,
  },
  console: 'virtio',
};

const emulated: PresetOptions = {
  ...compatible,
  accelerator: 'tcg',
  board: { ...compatible.board, pic: 'on', pit: 'on', rtc: 'on' },
  quietKernel: true,
};

/** What each preset sets. */
export const presetOptions: Record<Preset, PresetOptions> = { compatible, fast, minimal, emulated };

/** Each preset as the window says it: a sentence, then what it changes and why. */
export const presets: Record<
  Preset,
  { title: string; summary: string; changes: readonly { what: string; why: string }[] }
> = {
  compatible: {
    title: 'Compatible',
    summary: 'For distribution kernels: ACPI on, and the kernel’s whole log on the serial console.',
    changes: [
      {
        what: 'ACPI on',
        why: 'Distribution kernels find virtio devices only through ACPI’s tables.',
      },
      {
        what: 'Serial console with the kernel’s log',
        why: 'It works from the first instruction on, so that an early failure can be read.',
      },
      { what: 'Random number device', why: 'Fresh guests need not wait for entropy.' },
    ],
  },
  fast: {
    title: 'Fast',
    summary: 'An ELF kernel, little firmware and few devices: what boots soonest with any kernel.',
    changes: [
      { what: 'qboot as firmware, no option ROMs', why: 'Less to run before the kernel.' },
      {
        what: 'Quiet kernel',
        why: 'Every byte on the serial line costs an exit from the guest to QEMU.',
      },
      { what: 'No random number device', why: 'Each device is found, probed and driven at boot.' },
      {
        what: 'With Nandu’s fast kernel: ACPI off',
        why: 'It is told where its devices are, and need not read ACPI’s tables.',
      },
    ],
  },
  minimal: {
    title: 'Minimal',
    summary: 'The smallest machine that QEMU’s manual describes; meant for KVM.',
    changes: [
      {
        what: 'No PIC, PIT and RTC',
        why: 'A guest under KVM has its own clock and the TSC deadline timer. Emulated it boots, but takes a second longer.',
      },
      {
        what: 'No serial port; the console is virtio (hvc0)',
        why: 'It moves whole buffers and not bytes, but prints nothing before its driver is loaded.',
      },
      { what: 'qboot as firmware, no option ROMs', why: 'Less to run before the kernel.' },
    ],
  },
  emulated: {
    title: 'Emulated',
    summary: 'What boots reliably without KVM, on any computer.',
    changes: [
      { what: 'Emulation (TCG)', why: 'Nothing is probed, and the same machine runs everywhere.' },
      {
        what: 'PIC, PIT and RTC on',
        why: 'Without kvm-clock the kernel sets its clocks by them; without an RTC that alone took a second.',
      },
      {
        what: 'Quiet kernel',
        why: 'Every byte on the serial line is emulated, too.',
      },
    ],
  },
};

/**
 * What a preset sets for a machine with this kernel. Fast turns ACPI off where the kernel finds its devices without:
 * reading ACPI's tables took 0.14 s of an emulated boot of 0.54 s.
 */
export function optionsOf(preset: Preset, kernel: KernelChoice | undefined): PresetOptions {
  const options = presetOptions[preset];
  if (preset !== 'fast' || kernel?.kind !== 'fast') return options;
  return { ...options, board: { ...options.board, acpi: false } };
}

/** The definition with a preset's options in place of its own. */
export function withPreset<T extends PresetOptions & { kernel?: KernelChoice }>(
  spec: T,
  preset: Preset,
): T {
  return { ...spec, ...structuredClone(optionsOf(preset, spec.kernel)), preset };
}

/** The defaults of the "New machine" dialog; they must boot as they are. */
export const defaultSpec: Omit<MachineSpec, 'name'> = {
  labels: [],
  notes: '',
  preset: 'compatible',
  qemuPath: null,
  vcpus: 1,
  memoryMiB: 256,
  kernel: { kind: 'default' },
  initrd: { kind: 'default' },
  commandLine: '',
  disks: [],
  network: 'offline',
  portForwards: [],
  container: null,
  lifetimeMinutes: null,
  onReboot: 'restart',
  stopDeadlines: { askGuestMs: 5_000, quitMs: 2_000, terminateMs: 2_000 },
  ready: { kind: 'automatic' },
  readyDeadlineSeconds: 120,
  bootDetail: false,
  ...compatible,
};
