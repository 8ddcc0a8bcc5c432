/** A machine's journal: what was done to it and what happened to it, and its runs' logs. */
import { z } from 'zod';
import { machineIdSchema, runIdSchema } from './ids.ts';

export const journalKinds = [
  'created',
  'edited',
  'edit-undone',
  'imported',
  'cloned',
  'exported',
  'start-asked',
  'start-failed',
  'running',
  'ready',
  'boot-noted', // something about a boot that is not as it should be
  'paused',
  'resumed',
  'stop-asked',
  'force-stop-asked',
  'restart-asked',
  'stop-step',
  'guest-restarted',
  'limits-changed',
  'ports-changed',
  'ended',
  'crashed',
  'kept', // Nandu ended, the machine went on
  'adopted',
  'lost',
  'lifetime-over',
  'monitor-lost',
  'folder-lost',
  'network-changed',
  'recovered',
] as const;
export const journalKindSchema = z.enum(journalKinds);
export type JournalKind = z.infer<typeof journalKindSchema>;

export const journalEntrySchema = z.object({
  /** Counts up in the order of writing, which a clock does not. */
  id: z.int(),
  machineId: machineIdSchema,
  runId: runIdSchema.nullable(),
  atMs: z.number(),
  kind: journalKindSchema,
  /** A sentence for a person. */
  message: z.string(),
});
export type JournalEntry = z.infer<typeof journalEntrySchema>;

/** The files that are kept of a run: the guest's console, QEMU's own messages, a second serial line. */
export const logKindSchema = z.enum(['console', 'qemu', 'serial']);
export type LogKind = z.infer<typeof logKindSchema>;

/** At most this many of a log's last lines cross to the window; all of it can be saved. */
export const logLinesShown = 5_000;

export const logTextSchema = z.object({
  /** Plain text without control sequences, oldest first. */
  lines: z.array(z.string()),
  /** Whether there is more in the file than is shown. */
  truncated: z.boolean(),
  sizeBytes: z.number(),
});
export type LogText = z.infer<typeof logTextSchema>;
