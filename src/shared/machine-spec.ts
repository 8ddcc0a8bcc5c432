/**
 * What a machine is: its definition (spec), shapes and bounds only.
 * What the host and its QEMU can bear is checked in main, which knows them.
 */
import { z } from 'zod';
import { containerSchema } from './container.ts';
import { networkSchema, portForwardSchema, portKey } from './network.ts';

/** Hard limits of the form. `vcpus` is QEMU's own limit for microvm (hw/i386/microvm.c, max_cpus). */
export const limits = {
  nameLength: 64,
  minMemoryMiB: 32,
  maxVcpus: 288,
  pathLength: 4096,
  /** x86 Linux's COMMAND_LINE_SIZE (arch/x86/include/asm/setup.h), less room for what Nandu adds. */
  commandLineLength: 1536,
  labels: 16,
  labelLength: 32,
  notesLength: 10_000,
  /** More than any transport count allows; the finer check knows the board. */
  disks: 24,
  portForwards: 64,
  maxLifetimeMinutes: 7 * 24 * 60,
  readyTextLength: 200,
  maxReadyDeadlineSeconds: 3_600,
} as const;

const controlCharacter = /\p{Cc}/u;

/** A machine's name: 1 to 64 characters, no control characters, no blanks at its ends. */
export const machineNameSchema = z
  .string()
  .trim()
  .min(1, 'Give the machine a name.')
  .max(limits.nameLength, `Use at most ${limits.nameLength} characters for the name.`)
  .refine((name) => !controlCharacter.test(name), 'A name cannot contain control characters.')
  // Joiners are part of emoji and of some scripts; the others are invisible, or turn the text around.
  .refine(
    (name) => !/\p{Cf}/u.test(name.replaceAll(/(?<=\S)[\u200c\u200d](?=\S)/g, '')),
    'A name cannot contain invisible characters.',
  );

export const absolutePathSchema = z
  .string()
  .min(1, 'Give the path of a file.')
  .max(limits.pathLength, 'That path is longer than Linux allows.')
  .refine((path) => path.startsWith('/'), 'Give an absolute path, one that starts with “/”.')
  .refine((path) => !path.includes('\0'), 'A path cannot contain a NUL character.');

/** Where a kernel comes from: the one that set-up prepared, Nandu's own small one, or a file (bzImage or ELF). */
export const kernelChoiceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('default') }),
  z.strictObject({ kind: z.literal('fast') }),
  z.strictObject({ kind: z.literal('file'), path: absolutePathSchema }),
]);
export type KernelChoice = z.infer<typeof kernelChoiceSchema>;

/** Where the initrd comes from; `none` for kernels that need none. */
export const initrdChoiceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('default') }),
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('file'), path: absolutePathSchema }),
]);
export type InitrdChoice = z.infer<typeof initrdChoiceSchema>;

/** `automatic` is QEMU's own choice: SeaBIOS's microvm build with ACPI, qboot without (hw/i386/microvm.c). */
export const firmwareChoiceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('automatic') }),
  z.strictObject({ kind: z.literal('qboot') }),
  z.strictObject({ kind: z.literal('seabios') }),
  z.strictObject({ kind: z.literal('file'), path: absolutePathSchema }),
]);
export type FirmwareChoice = z.infer<typeof firmwareChoiceSchema>;

export const presetSchema = z.enum(['compatible', 'fast', 'minimal', 'emulated']);
export type Preset = z.infer<typeof presetSchema>;

/** `auto` means KVM only where a probe boot proved that it works, emulation (TCG) otherwise. */
export const acceleratorChoiceSchema = z.enum(['auto', 'kvm', 'tcg']);
export type AcceleratorChoice = z.infer<typeof acceleratorChoiceSchema>;

/** As QEMU's OnOffAuto: `auto` leaves the decision to QEMU. */
export const onOffAutoSchema = z.enum(['auto', 'on', 'off']);
export type OnOffAuto = z.infer<typeof onOffAutoSchema>;

/** The properties of QEMU's microvm machine (docs/system/i386/microvm.rst; `-M microvm,help`). */
export const boardSchema = z.strictObject({
  /** Always passed: what a bare `microvm` means changed with QEMU 5.2. */
  acpi: z.boolean(),
  pic: onOffAutoSchema,
  pit: onOffAutoSchema,
  rtc: onOffAutoSchema,
  isaSerial: z.boolean(),
  optionRoms: z.boolean(),
  autoKernelCommandLine: z.boolean(),
  ioapic2: onOffAutoSchema,
  pcie: onOffAutoSchema,
  usb: z.boolean(),
});
export type Board = z.infer<typeof boardSchema>;

/** `serial` is ttyS0, `virtio` hvc0; with `both` the live console is hvc0 and ttyS0 goes to a log of its own. */
export const consoleChoiceSchema = z.enum(['serial', 'virtio', 'both']);
export type ConsoleChoice = z.infer<typeof consoleChoiceSchema>;

/** `private` is QEMU's own anonymous memory; `shared` a memfd; `file` a file in the run's folder. */
export const memoryBackendSchema = z.enum(['private', 'shared', 'file']);
export type MemoryBackend = z.infer<typeof memoryBackendSchema>;

/** As QEMU's `cache=` of -drive (qemu(1)). */
export const diskCacheSchema = z.enum([
  'writeback',
  'none',
  'writethrough',
  'directsync',
  'unsafe',
]);
export type DiskCache = z.infer<typeof diskCacheSchema>;

const limitSchema = z
  .int('Use a whole number.')
  .min(0, 'A limit cannot be negative; 0 means none.')
  .max(1e15, 'That limit is larger than QEMU allows.');

/** A disk's throttling; 0 is no limit. Changeable while the machine runs. */
export const diskLimitsSchema = z.strictObject({ iops: limitSchema, bytesPerSecond: limitSchema });
export type DiskLimits = z.infer<typeof diskLimitsSchema>;

export const diskSchema = z.strictObject({
  path: absolutePathSchema,
  format: z.enum(['raw', 'qcow2']),
  readOnly: z.boolean(),
  cache: diskCacheSchema,
  limits: diskLimitsSchema,
});
export type Disk = z.infer<typeof diskSchema>;

export const devicesSchema = z.strictObject({
  /** The port over which Nandu's init says that it is ready and is asked to power off. */
  agent: z.boolean(),
  rng: z.boolean(),
  balloon: z.boolean(),
  pvpanic: z.boolean(),
  /** The guest's address on vsock, or null for no such device. 0 to 2 are reserved (vsock(7)). */
  vsockCid: z
    .int('Use a whole number.')
    .min(3, 'Addresses below 3 are reserved.')
    .max(0xfffffffe, 'The largest address is 4294967294.')
    .nullable(),
});
export type Devices = z.infer<typeof devicesSchema>;

const deadlineSchema = z
  .int('Use a whole number of milliseconds.')
  .min(100, 'Give it at least 100 ms.')
  .max(600_000, 'Wait at most 10 minutes.');

/** How long each rung of the stop ladder is given, milliseconds. The last, SIGKILL, cannot be refused. */
export const stopDeadlinesSchema = z.strictObject({
  askGuestMs: deadlineSchema,
  quitMs: deadlineSchema,
  terminateMs: deadlineSchema,
});
export type StopDeadlines = z.infer<typeof stopDeadlinesSchema>;

/** The name of a guest's own mark, as it prints it in `nandu: mark NAME`. */
export const markNameSchema = z
  .string()
  .regex(/^[\w.-]{1,40}$/, 'Use 1 to 40 letters, digits, dots, hyphens or underscores.');

/**
 * What says that the guest is ready. `automatic`: the agent's port opens, or a container's command is
 * started. Chosen otherwise, nothing else counts.
 */
export const readySignSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('automatic') }),
  /** This text stands on the console, anywhere, also in a line without an end like “login: ”. */
  z.strictObject({
    kind: z.literal('console'),
    text: z
      .string()
      .min(1, 'Give the text to wait for.')
      .max(limits.readyTextLength, `Use at most ${limits.readyTextLength} characters.`)
      .refine((text) => !controlCharacter.test(text), 'The text must be a part of a single line.'),
  }),
  /** A program in the guest listens at this TCP port. Nandu's init looks, so it takes its initrd. */
  z.strictObject({
    kind: z.literal('port'),
    port: z
      .int('Give a port from 1 to 65535.')
      .min(1, 'Give a port from 1 to 65535.')
      .max(65_535, 'Give a port from 1 to 65535.'),
  }),
  /** The guest prints the line `nandu: mark NAME` on the console. */
  z.strictObject({ kind: z.literal('marker'), name: markNameSchema }),
]);
export type ReadySign = z.infer<typeof readySignSchema>;

/** What a person decides about a machine. Stored as it is; everything else is derived from it. */
export const machineSpecSchema = z.strictObject({
  name: machineNameSchema,
  labels: z
    .array(
      z
        .string()
        .trim()
        .min(1, 'A label cannot be empty.')
        .max(limits.labelLength, `Use at most ${limits.labelLength} characters for a label.`)
        .refine((label) => !controlCharacter.test(label), 'A label must be plain text.'),
    )
    .max(limits.labels, `Use at most ${limits.labels} labels.`)
    .refine((labels) => new Set(labels).size === labels.length, 'Use each label once.'),
  notes: z.string().max(limits.notesLength, `Use at most ${limits.notesLength} characters.`),
  /** Where the options came from; they may have been changed since. */
  preset: presetSchema,
  /** One of the registered QEMU binaries; null for the default one. */
  qemuPath: absolutePathSchema.nullable(),
  accelerator: acceleratorChoiceSchema,
  /** A model with features as `-cpu` takes it; null for `host` under KVM and `max` under emulation. */
  cpuModel: z
    .string()
    .max(512, 'Use at most 512 characters.')
    .regex(/^[\w.+-]+(,[\w.+=-]+)*$/, 'Write a model as in “EPYC” or “host,-sgx”.')
    .nullable(),
  vcpus: z
    .int('Use a whole number of vCPUs.')
    .min(1, 'A machine needs at least 1 vCPU.')
    .max(limits.maxVcpus, `The microvm machine type has at most ${limits.maxVcpus} vCPUs.`),
  memoryMiB: z
    .int('Use a whole number of MiB.')
    .min(
      limits.minMemoryMiB,
      `A Linux guest needs at least ${limits.minMemoryMiB} MiB of memory; 256 is comfortable.`,
    ),
  memoryBackend: memoryBackendSchema,
  board: boardSchema,
  firmware: firmwareChoiceSchema,
  kernel: kernelChoiceSchema,
  initrd: initrdChoiceSchema,
  /** Whether Nandu passes its own kernel options: console, panic, reboot and timing. */
  kernelDefaults: z.boolean(),
  /** Adds `quiet`: the kernel keeps its log to itself. Part of `kernelDefaults`. */
  quietKernel: z.boolean(),
  /** Comes after Nandu's own kernel options, if any. */
  commandLine: z
    .string()
    .max(limits.commandLineLength, `Use at most ${limits.commandLineLength} characters.`)
    .refine((line) => !controlCharacter.test(line), 'The command line must be a single line.'),
  console: consoleChoiceSchema,
  disks: z.array(diskSchema).max(limits.disks, `Use at most ${limits.disks} disks.`),
  network: networkSchema,
  portForwards: z
    .array(portForwardSchema)
    .max(limits.portForwards, `Use at most ${limits.portForwards} ports.`)
    .refine(
      (forwards) => new Set(forwards.map(portKey)).size === forwards.length,
      'Each port of this computer can lead to one place only.',
    ),
  devices: devicesSchema,
  /** The container image that it runs; null for a machine that is nothing but its kernel and initrd. */
  container: containerSchema.nullable(),
  /** It is stopped when it has run for so long; null for never. */
  lifetimeMinutes: z
    .int('Use a whole number of minutes.')
    .min(1, 'Give it at least a minute.')
    .max(limits.maxLifetimeMinutes, 'At most a week.')
    .nullable(),
  /** Whether a guest that reboots is started anew, as a new run. */
  onReboot: z.enum(['restart', 'stop']),
  stopDeadlines: stopDeadlinesSchema,
  ready: readySignSchema,
  /** How long after its first instruction the guest may take until it is ready; then its timeline is closed. */
  readyDeadlineSeconds: z
    .int('Use a whole number of seconds.')
    .min(1, 'Give it at least a second.')
    .max(limits.maxReadyDeadlineSeconds, 'Wait at most an hour.'),
  /** Whether the kernel logs each of its steps for the timeline, which makes the boot slower. */
  bootDetail: z.boolean(),
});
export type MachineSpec = z.infer<typeof machineSpecSchema>;

/** Fields that take effect at once, also while the machine runs; all others at its next start. */
export const liveFields = [
  'name',
  'labels',
  'notes',
  'preset',
  'onReboot',
  'stopDeadlines',
  'lifetimeMinutes',
  'portForwards',
] as const satisfies readonly (keyof MachineSpec)[];

/** Whether a change of the field at this path, like `disks.0.limits.iops`, needs no restart. */
export function isLive(path: string): boolean {
  const [first, , third] = path.split('.');
  return liveFields.some((field) => field === first) || (first === 'disks' && third === 'limits');
}

/** The paths at which two definitions differ, like `board.acpi`; lists of other lengths as a whole. */
export function differingPaths(a: unknown, b: unknown, prefix = ''): string[] {
  if (Object.is(a, b)) return [];
  const both = [a, b];
  const lists = both.every((value) => Array.isArray(value));
  const objects = both.every((value) => typeof value === 'object' && value !== null);
  if (!objects || Array.isArray(a) !== Array.isArray(b)) return [prefix];
  if (lists && (a as unknown[]).length !== (b as unknown[]).length) return [prefix];
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((key) =>
    differingPaths(left[key], right[key], prefix === '' ? key : `${prefix}.${key}`),
  );
}
