/** One execution of a machine: when, with which command, how it booted and how it ended. */
import { z } from 'zod';
import { bootTimelineSchema } from './boot.ts';
import { machineIdSchema, runIdSchema } from './ids.ts';

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

export const acceleratorSchema = z.enum(['kvm', 'tcg']);
export type Accelerator = z.infer<typeof acceleratorSchema>;

/** So long may what a person writes about a run be. */
export const runNoteLength = 500;

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
  /** What a person wrote about it. */
  note: z.string().max(runNoteLength).default(''),
  /** Whether it is its machine's baseline, with which others are compared. At most one of a machine's is. */
  baseline: z.boolean().default(false),
});
export type Run = z.infer<typeof runSchema>;

/** What tells a file from another in its place. Times are epoch milliseconds. */
export const bootFileStampSchema = z.object({
  bytes: z.int().nonnegative(),
  modifiedAtMs: z.number(),
});
export type BootFileStamp = z.infer<typeof bootFileStampSchema>;

/** The files that a run was booted from, as they were then; null for no initrd. */
export const bootFileStampsSchema = z.object({
  kernel: bootFileStampSchema,
  initrd: bootFileStampSchema.nullable(),
});
export type BootFileStamps = z.infer<typeof bootFileStampsSchema>;

const changeSchema = z.object({ before: z.string(), after: z.string() });

/** What is not the same in two runs, as a person reads it. */
export const runChangesSchema = z.object({
  /** By path of field, like `board.acpi`; null where the definition of one of the runs is not known. */
  settings: z.array(changeSchema.extend({ path: z.string() })).nullable(),
  /** A kernel's title where it is known, and its path; size and time where another file is at the same path. */
  kernel: changeSchema.nullable(),
  /** As `kernel`; “none” for none. */
  initrd: changeSchema.nullable(),
  /** Whether a kernel or initrd that was put in the place of another would have been noticed. */
  filesKnown: z.boolean(),
  /** The version, and the path where that differs. */
  qemu: changeSchema.nullable(),
});
export type RunChanges = z.infer<typeof runChangesSchema>;

/** How a timeline can be saved; `chrome-trace` is what Perfetto and Chrome's tracing open. */
export const bootExportFormatSchema = z.enum(['json', 'csv', 'chrome-trace']);
export type BootExportFormat = z.infer<typeof bootExportFormatSchema>;
