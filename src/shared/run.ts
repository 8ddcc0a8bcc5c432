/** One execution of a machine: when, with which command, how it booted and how it ended. */
import { z } from 'zod';
import { machineIdSchema, runIdSchema } from './ids.ts';

/** The phases of a boot, in the order in which they follow each other without a gap. */
export const phaseNames = [
  'qemu-start',
  'firmware',
  'kernel-load',
  'kernel',
  'user-space',
] as const;
export const phaseNameSchema = z.enum(phaseNames);
export type PhaseName = z.infer<typeof phaseNameSchema>;

/** A phase's title and where it starts and ends, for people. */
export const phaseInfo: Record<PhaseName, { title: string; explanation: string }> = {
  'qemu-start': {
    title: 'QEMU start',
    explanation: 'From spawning the process until it resumes the guest’s CPUs (QMP RESUME).',
  },
  firmware: {
    title: 'Firmware',
    explanation:
      'From the first guest instruction until the firmware asks for the kernel (fw_cfg).',
  },
  'kernel-load': {
    title: 'Kernel load',
    explanation: 'The firmware copies kernel, initrd and command line into memory (fw_cfg).',
  },
  kernel: {
    title: 'Kernel',
    explanation: 'From the hand-off to the kernel until the first process runs (console marker).',
  },
  'user-space': {
    title: 'User space',
    explanation: 'From the first process until the guest says that it is ready (agent port).',
  },
};

/** A span of the boot in milliseconds since the process was spawned. */
export const phaseSchema = z.object({
  name: phaseNameSchema,
  startMs: z.number().nonnegative(),
  durationMs: z.number().nonnegative(),
});
export type Phase = z.infer<typeof phaseSchema>;

/** How a boot went. The phases are contiguous from 0 and add up to `totalMs`. */
export const bootTimelineSchema = z.object({
  phases: z.array(phaseSchema),
  totalMs: z.number().nonnegative(),
  /** `ready`: the guest said so. `user-space`: its first process ran, readiness unknown. `partial`: neither was seen. */
  reached: z.enum(['ready', 'user-space', 'partial']),
});
export type BootTimeline = z.infer<typeof bootTimelineSchema>;

/** How a run ended. `expected` endings are not errors. */
export const runEndSchema = z.object({
  kind: z.enum([
    'stopped', // Nandu stopped it
    'killed', // Force stop, or the last rung of the ladder
    'guest-shutdown', // the guest powered off
    'guest-reset', // the guest asked for a reboot
    'guest-panic',
    'qemu-exit', // QEMU ended by itself with an error or a signal
    'launch-failed',
    'lost', // ended while Nandu was not there to see how
    'command-ended', // the container's command ended, with `exitCode`
    'command-failed', // the container's command could not be started
    'lifetime-over', // Nandu stopped it when its time was over
  ]),
  expected: z.boolean(),
  message: z.string(),
  /** Of a container's command; 128 and the signal's number where a signal ended it (as shells have it). */
  exitCode: z.int().min(0).max(255).optional(),
  /** Whether the guest's kernel killed processes of a container for want of memory. */
  outOfMemory: z.boolean().optional(),
});
export type RunEnd = z.infer<typeof runEndSchema>;

/** Ends after which nothing remains of a machine that was to run once: its command was run, and its end was seen. */
export const endsForGood: readonly RunEnd['kind'][] = [
  'command-ended',
  'stopped',
  'killed',
  'lifetime-over',
  'guest-shutdown',
];

export const acceleratorSchema = z.enum(['kvm', 'tcg']);
export type Accelerator = z.infer<typeof acceleratorSchema>;

export const runSchema = z.object({
  id: runIdSchema,
  machineId: machineIdSchema,
  /** Counts a machine's runs from 1. */
  number: z.int().positive(),
  startedAtMs: z.number(),
  endedAtMs: z.number().nullable(),
  accelerator: acceleratorSchema,
  qemuVersion: z.string(),
  argv: z.array(z.string()),
  boot: bootTimelineSchema.nullable(),
  end: runEndSchema.nullable(),
});
export type Run = z.infer<typeof runSchema>;
