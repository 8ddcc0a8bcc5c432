/** A machine's state, and the view of definition, state and last run that the window shows. */
import { z } from 'zod';
import { errorDataSchema } from './errors.ts';
import { machineIdSchema } from './ids.ts';
import { machineSpecSchema } from './machine-spec.ts';
import { runSchema } from './run.ts';

/**
 * - `stopped`: no process; the last run, if any, ended as expected.
 * - `starting`: from the request until QEMU resumes the guest's CPUs.
 * - `running`: the guest's CPUs run (QMP RESUME).
 * - `paused`: the guest's CPUs are halted (QMP STOP).
 * - `stopping`: a stop ladder is under way.
 * - `crashed`: the last run ended in a way nobody asked for.
 */
export const machineStateSchema = z.enum([
  'stopped',
  'starting',
  'running',
  'paused',
  'stopping',
  'crashed',
]);
export type MachineState = z.infer<typeof machineStateSchema>;

/** What is being waited for, so that no wait is silent. */
export const activitySchema = z.enum([
  'probing-kvm',
  'launching',
  'asking-guest',
  'ending-qemu',
  'terminating',
  'killing',
  /** A signal from outside (SIGSTOP) holds QEMU. */
  'suspended',
  /** QEMU halted the guest, because a disk's image could not be written (a full disk, say) or read. */
  'disk-error',
  /** QEMU halted the guest, because it or KVM could not go on with it. */
  'qemu-error',
  /** A guest that rebooted is being started anew. */
  'restarting',
]);
export type Activity = z.infer<typeof activitySchema>;

/** Everything the window needs to draw one machine. */
export const machineViewSchema = z.object({
  id: machineIdSchema,
  spec: machineSpecSchema,
  createdAtMs: z.number(),
  state: machineStateSchema,
  activity: activitySchema.nullable(),
  /** The current run, else the last one. */
  run: runSchema.nullable(),
  /** Paths of fields, like `board.acpi`, that the current run still has otherwise; empty unless it runs. */
  pendingChanges: z.array(z.string()),
  /** Whether one more shell can be opened in its container now. */
  canOpenShell: z.boolean(),
  /** Whether passt serves its network now: it may have given way to QEMU's own since the start. */
  servedByPasst: z.boolean(),
  /** Whether the last edit can be taken back. */
  canUndo: z.boolean(),
  /** Why the last start failed or the machine crashed; null once it starts again. */
  problem: errorDataSchema.nullable(),
});
export type MachineView = z.infer<typeof machineViewSchema>;

/** How a machine ended that was to run once: it is gone, and this is all that is left of it. */
export const onceEndedSchema = z.object({
  name: z.string(),
  message: z.string(),
  exitCode: z.int().nullable(),
  /** The last lines that it printed, as text. */
  lines: z.array(z.string()),
});
export type OnceEnded = z.infer<typeof onceEndedSchema>;

/** The same with whose it was. */
export const lastWordsEntrySchema = z.object({ id: machineIdSchema, ended: onceEndedSchema });
export type LastWordsEntry = z.infer<typeof lastWordsEntrySchema>;

/** The kept disk of a machine that keeps nothing any more; `bytes` are what it takes up. */
export const leftDiskSchema = z.object({ path: z.string(), bytes: z.number().nonnegative() });
export type LeftDisk = z.infer<typeof leftDiskSchema>;
