/** How a boot went: its phases without a gap, what was seen within them, and how far the figures can be trusted. */
import { z } from 'zod';

/** The phases of a boot, in the order in which they follow each other without a gap. */
export const phaseNames = [
  'process-start',
  'qmp',
  'firmware',
  'kernel-load',
  'decompression',
  'kernel',
  'initrd',
  'user-space',
] as const;
export const phaseNameSchema = z.enum(phaseNames);
export type PhaseName = z.infer<typeof phaseNameSchema>;

/** A phase's title, what happens in it, and by whose word and on which clock its end is known. */
export const phaseInfo: Record<PhaseName, { title: string; explanation: string; source: string }> =
  {
    'process-start': {
      title: 'Process start',
      explanation: 'Linux loads QEMU, and QEMU builds the machine.',
      source: 'Ends when QEMU’s monitor greets: Nandu’s clock, within a millisecond.',
    },
    qmp: {
      title: 'Monitor',
      explanation: 'Nandu connects to the monitor, console and agent, and lets the guest go.',
      source: 'Ends with QMP’s RESUME: QEMU’s clock, to the microsecond.',
    },
    firmware: {
      title: 'Firmware',
      explanation: 'From the first guest instruction until the firmware asks for the kernel.',
      source:
        'Ends with the first read of the kernel’s keys from fw_cfg: QEMU’s trace, to the microsecond.',
    },
    'kernel-load': {
      title: 'Kernel load',
      explanation: 'The firmware copies kernel, initrd and command line into memory.',
      source:
        'Ends with the last read of those keys from fw_cfg: QEMU’s trace, to the microsecond.',
    },
    decompression: {
      title: 'Decompression',
      explanation:
        'A bzImage unpacks itself before the kernel proper starts; an ELF has no such phase.',
      source:
        'Ends where the kernel’s own clock starts, some tens of milliseconds after its first instruction: its age, by its own log, when its first process was heard. Some ms late.',
    },
    kernel: {
      title: 'Kernel',
      explanation: 'The kernel sets itself up, until it runs the first process.',
      source:
        'Ends with the first process’s line on the console: Nandu’s clock, within some milliseconds.',
    },
    initrd: {
      title: 'Initrd',
      explanation: 'Nandu’s init loads drivers and finds the container’s image.',
      source: 'Ends when the guest’s agent opens its port: QEMU’s clock, to the microsecond.',
    },
    'user-space': {
      title: 'User space',
      explanation: 'Until the machine is ready, by the sign that was chosen for it.',
      source: 'Ends with that sign: the agent’s, a port’s, or a line on the console.',
    },
  };

/** A span of the boot in milliseconds since the process was spawned. */
export const phaseSchema = z.object({
  name: phaseNameSchema,
  startMs: z.number().nonnegative(),
  durationMs: z.number().nonnegative(),
});
export type Phase = z.infer<typeof phaseSchema>;

/** Something seen within a phase; an instant has no duration. */
export const bootDetailSchema = z.object({
  /**
   * `device`: a driver took it (virtio status DRIVER_OK, QEMU's trace). `kernel`: a stretch of the kernel's log.
   * `initcall`: one of its init functions. `mark`: the guest printed `nandu: mark NAME`.
   */
  kind: z.enum(['device', 'kernel', 'initcall', 'mark']),
  name: z.string().max(120),
  startMs: z.number().nonnegative(),
  durationMs: z.number().nonnegative(),
});
export type BootDetail = z.infer<typeof bootDetailSchema>;
/** A guest can print any number of marks. */
export const mostBootDetails = 400;

/** What makes a boot's figures worse than they look, or different from others'. */
export const bootConditions = [
  'cold', // files of QEMU or the kernel were not in the page cache
  'loaded', // other programs took much of the processors meanwhile
  'detailed', // the kernel was told to log every step, which costs time
  'no-trace', // this QEMU has no such trace events: fewer phases
  'clock-set', // the host's clock was set, or the computer slept
  'paused', // the machine was held for a while before it was ready
  'deadline', // the sign of readiness did not come in time
  'rebooted', // the guest rebooted before it was ready
] as const;
export const bootConditionSchema = z.enum(bootConditions);
export type BootCondition = z.infer<typeof bootConditionSchema>;

/** Each of them in words, as far as they are the same of one boot and of many. */
export const conditionInfo: Record<BootCondition, { label: string; sentence: string }> = {
  cold: {
    label: 'Cold caches',
    sentence: 'Files of QEMU or the kernel were not in memory yet.',
  },
  loaded: {
    label: 'Loaded host',
    sentence: 'Other programs took more than a quarter of the processors meanwhile.',
  },
  detailed: {
    label: 'Detailed log',
    sentence: 'The kernel logged each of its steps, which slows it.',
  },
  'no-trace': {
    label: 'No trace events',
    sentence: 'This QEMU has none, so firmware and kernel load count as kernel.',
  },
  'clock-set': {
    label: 'Clock was set',
    sentence: 'This computer slept, or its clock was set meanwhile.',
  },
  paused: {
    label: 'Paused',
    sentence: 'The machine was held meanwhile, and that time is part of the phase it fell in.',
  },
  deadline: {
    label: 'Deadline passed',
    sentence: 'The sign of readiness did not come in time.',
  },
  rebooted: { label: 'Rebooted', sentence: 'The guest rebooted before it was ready.' },
};

/** How a boot went. The phases are contiguous from 0 and add up to `totalMs`. */
export const bootTimelineSchema = z.object({
  phases: z.array(phaseSchema),
  totalMs: z.number().nonnegative(),
  /** `ready`: the guest said so. `user-space`: its first process ran, readiness unknown. `partial`: neither was seen. */
  reached: z.enum(['ready', 'user-space', 'partial']),
  details: z.array(bootDetailSchema).max(mostBootDetails).default([]),
  conditions: z.array(bootConditionSchema).default([]),
  /**
   * Where the kernel's own clock started; null where its log did not tell how much its uptime lacks. As many
   * milliseconds late as the first process's line took.
   */
  kernelClockMs: z.number().nullable().default(null),
  /** What it was ready by, or was to be, as `readySignOf` says it; absent from boots that were kept before it was. */
  sign: z.string().optional(),
});
export type BootTimeline = z.infer<typeof bootTimelineSchema>;
