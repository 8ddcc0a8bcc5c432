/**
 * The one table of everything that may cross between the window and main: name, input, output.
 * Preload, main's router and the renderer's client are all derived from it.
 */
import { z } from 'zod';
import type { EventName, RequestName } from './channel-names.ts';
import type { ErrorData } from './errors.ts';
import { commandPreviewSchema } from './command.ts';
import { doctorReportSchema } from './doctor.ts';
import { hostStatusSchema } from './host.ts';
import { findingSchema } from './finding.ts';
import { machineIdSchema, runIdSchema } from './ids.ts';
import { imageDigestSchema, variableNameSchema, wordsSchema } from './container.ts';
import {
  imageUsageSchema,
  imageViewSchema,
  importIdSchema,
  importProgressSchema,
  importRequestSchema,
  registryEntrySchema,
  secretStorageSchema,
} from './images.ts';
import { journalEntrySchema, logKindSchema, logTextSchema } from './journal.ts';
import {
  experimentIdSchema,
  experimentSchema,
  experimentSummarySchema,
  labPlanSchema,
} from './lab.ts';
import { machineSpecSchema } from './machine-spec.ts';
import {
  lastWordsEntrySchema,
  leftDiskSchema,
  machineViewSchema,
  onceEndedSchema,
} from './machine.ts';
import { bootExportFormatSchema, runChangesSchema, runNoteLength, runSchema } from './run.ts';
import { settingsSchema } from './settings.ts';

const nothing = z.undefined();
const oneExperiment = z.strictObject({ id: experimentIdSchema });
const oneMachine = z.strictObject({ id: machineIdSchema });

/** Request and reply: the page asks, main answers with a {@link Reply}. */
export const requests = {
  'machine:list': { input: nothing, output: z.array(machineViewSchema) },
  'machine:create': { input: machineSpecSchema, output: machineViewSchema },
  'machine:start': { input: oneMachine, output: machineViewSchema },
  /** The whole ladder: ask the guest, then QEMU, then end the process. */
  'machine:stop': { input: oneMachine, output: machineViewSchema },
  /** Ends the process at once. */
  'machine:force-stop': { input: oneMachine, output: machineViewSchema },
  'machine:pause': { input: oneMachine, output: machineViewSchema },
  'machine:resume': { input: oneMachine, output: machineViewSchema },
  /** The stop ladder, then a start. */
  'machine:restart': { input: oneMachine, output: machineViewSchema },
  /** Refused with `illegal_state` while it runs, unless `stopFirst`. */
  'machine:delete': {
    input: z.strictObject({ id: machineIdSchema, stopFirst: z.boolean() }),
    output: nothing,
  },
  /** What is wrong with a definition on this host; `id` of the machine it is meant for, if there is one. */
  'machine:check': {
    input: z.strictObject({ spec: machineSpecSchema, id: machineIdSchema.nullable() }),
    output: z.array(findingSchema),
  },
  /** Takes effect at once where it can, see `isLive`, else at the next start. */
  'machine:update': {
    input: z.strictObject({ id: machineIdSchema, spec: machineSpecSchema }),
    output: machineViewSchema,
  },
  /** Takes the last edit back; a second time takes that back. */
  'machine:undo': { input: oneMachine, output: machineViewSchema },
  /** A new machine with the same definition under a free name; never its disks. */
  'machine:clone': { input: oneMachine, output: machineViewSchema },
  'machine:command': { input: oneMachine, output: commandPreviewSchema },
  /** Asks where to save; null when the person cancels. */
  'machine:export': {
    input: z.strictObject({
      id: machineIdSchema,
      format: z.enum(['json', 'yaml']),
      includePaths: z.boolean(),
    }),
    output: z.string().nullable(),
  },
  /** Asks for a file; null when the person cancels. */
  'machine:import': { input: nothing, output: machineViewSchema.nullable() },
  /** Of machines that ran once: what nobody has put away yet, the oldest first; for a page that was reloaded. */
  'machine:last-words': { input: nothing, output: z.array(lastWordsEntrySchema) },
  /** They were read. Those that are gone already are left out. */
  'machine:dismiss-words': {
    input: z.strictObject({ ids: z.array(machineIdSchema).max(1_000) }),
    output: nothing,
  },
  /** Null where the definition has it, or there is none. */
  'machine:left-disk': { input: oneMachine, output: leftDiskSchema.nullable() },
  /** Refused with `illegal_state` where the definition has it, or a process may. */
  'machine:remove-left-disk': { input: oneMachine, output: nothing },
  /** The newest runs first. */
  'run:list': {
    input: z.strictObject({ machineId: machineIdSchema, limit: z.int().min(1).max(10_000) }),
    output: z.array(runSchema),
  },
  /** The newest runs of all machines first. */
  'run:recent': {
    input: z.strictObject({ limit: z.int().min(1).max(10_000) }),
    output: z.array(runSchema),
  },
  'run:annotate': {
    input: z.strictObject({ runId: runIdSchema, note: z.string().max(runNoteLength) }),
    output: runSchema,
  },
  /** A machine has one baseline at most: it takes the place of any other. */
  'run:set-baseline': {
    input: z.strictObject({ runId: runIdSchema, baseline: z.boolean() }),
    output: runSchema,
  },
  /** From run `otherId` (before) to run `runId` (after). */
  'run:changes': {
    input: z.strictObject({ runId: runIdSchema, otherId: runIdSchema }),
    output: runChangesSchema,
  },
  /** Asks where to save its timeline; null when the person cancels. */
  'run:export': {
    input: z.strictObject({ runId: runIdSchema, format: bootExportFormatSchema }),
    output: z.string().nullable(),
  },
  /** The newest entries first. */
  'journal:list': {
    input: z.strictObject({ machineId: machineIdSchema, limit: z.int().min(1).max(10_000) }),
    output: z.array(journalEntrySchema),
  },
  /** A log that was never written is empty. */
  'log:read': {
    input: z.strictObject({ runId: runIdSchema, kind: logKindSchema }),
    output: logTextSchema,
  },
  /** Asks where to save the whole log; null when the person cancels. */
  'log:save': {
    input: z.strictObject({ runId: runIdSchema, kind: logKindSchema }),
    output: z.string().nullable(),
  },
  'doctor:run': { input: nothing, output: doctorReportSchema },
  'host:status': { input: nothing, output: hostStatusSchema },
  /** Looks again for QEMU and guest kernels, and repeats the KVM probe. */
  'host:refresh': { input: nothing, output: hostStatusSchema },
  /** The desktop's own file dialog; null when the person cancels. */
  'dialog:pick-file': {
    input: z.strictObject({
      purpose: z.enum(['kernel', 'initrd', 'firmware', 'disk', 'qemu', 'image', 'folder']),
    }),
    output: z.string().nullable(),
  },
  'settings:get': { input: nothing, output: settingsSchema },
  'settings:set': { input: settingsSchema, output: settingsSchema },
  /** The newest first. */
  'image:list': { input: nothing, output: z.array(imageViewSchema) },
  /** Answers when the image is there; how far it is comes as `image:progressed`. */
  'image:import': { input: importRequestSchema, output: imageViewSchema },
  /** The import then fails with `cancelled`. One that is over already is left as it is. */
  'image:cancel': { input: z.strictObject({ importId: importIdSchema }), output: nothing },
  /** Those under way, and those that failed and were not dismissed; for a page that was reloaded. */
  'image:imports': { input: nothing, output: z.array(importProgressSchema) },
  'image:dismiss': { input: z.strictObject({ importId: importIdSchema }), output: nothing },
  /** Refused with `image_in_use` while a machine has it. */
  'image:remove': { input: z.strictObject({ digest: imageDigestSchema }), output: nothing },
  'image:usage': { input: nothing, output: imageUsageSchema },
  /** Removes images that no machine has, and what imports have left. Answers with the bytes that came free. */
  'image:prune': { input: nothing, output: z.number() },
  'registry:list': { input: nothing, output: z.array(registryEntrySchema) },
  'registry:forget': { input: z.strictObject({ registry: z.string().max(512) }), output: nothing },
  /** The newest first. */
  'lab:list': { input: nothing, output: z.array(experimentSummarySchema) },
  'lab:get': { input: oneExperiment, output: experimentSchema },
  /** Refused with `illegal_state` while another experiment goes on. How far it is comes as `lab:changed`. */
  'lab:start': { input: labPlanSchema, output: experimentSchema },
  /** The boot under way is ended and made again later. */
  'lab:pause': { input: oneExperiment, output: experimentSummarySchema },
  /** Goes on where it was, also after Nandu ended meanwhile. */
  'lab:resume': { input: oneExperiment, output: experimentSummarySchema },
  /** What was measured stays. */
  'lab:cancel': { input: oneExperiment, output: experimentSummarySchema },
  'lab:remove': { input: oneExperiment, output: nothing },
  /** Asks where to save; null when the person cancels. */
  'lab:export': {
    input: z.strictObject({ id: experimentIdSchema, format: z.enum(['html', 'json']) }),
    output: z.string().nullable(),
  },
  'secret:storage': { input: nothing, output: secretStorageSchema },
  /** Values of a machine's secret variables; null removes one. They never come back. */
  'secret:set': {
    input: z.strictObject({
      id: machineIdSchema,
      values: z.record(variableNameSchema, z.string().max(131_072).nullable()),
    }),
    output: nothing,
  },
  /** The names of those that have a value. */
  'secret:list': { input: oneMachine, output: z.array(z.string()) },
} as const satisfies Record<RequestName, { input: z.ZodType; output: z.ZodType }>;

/** What main tells the page unasked. Named in the past tense. */
export const events = {
  'machine:changed': machineViewSchema,
  /** `ended` only of one that ran once and is gone by itself. */
  'machine:removed': z.object({ id: machineIdSchema, ended: onceEndedSchema.nullable() }),
  'journal:added': journalEntrySchema,
  'host:changed': hostStatusSchema,
  'image:listed': z.array(imageViewSchema),
  'image:progressed': importProgressSchema,
  'lab:changed': experimentSummarySchema,
} as const satisfies Record<EventName, z.ZodType>;

/** What comes with the port on `consoleChannel`. */
export const consoleOpenSchema = z.strictObject({
  machineId: machineIdSchema,
  /** `shell` starts one more shell in a running container; closing the port ends it. */
  kind: z.enum(['console', 'shell']),
  /** The program to run in place of a shell; empty for a shell. */
  words: wordsSchema,
});

export type RequestInput<N extends RequestName> = z.infer<(typeof requests)[N]['input']>;
export type RequestOutput<N extends RequestName> = z.infer<(typeof requests)[N]['output']>;
export type EventPayload<N extends EventName> = z.infer<(typeof events)[N]>;

/** Errors cross as data, never as exceptions. */
export type Reply<T> = { ok: true; value: T } | { ok: false; error: ErrorData };

/** What preload puts on `window.nandu`. */
export interface NanduBridge {
  invoke<N extends RequestName>(name: N, input: RequestInput<N>): Promise<Reply<RequestOutput<N>>>;
  /** Returns a function that ends the subscription. */
  on<N extends EventName>(name: N, listener: (payload: EventPayload<N>) => void): () => void;
  /**
   * Opens a console stream. The port arrives as a `message` event on the window whose data is
   * `{ nanduConsole: token }`, because a MessagePort cannot pass the context bridge.
   */
  openConsole(
    machineId: string,
    kind: 'console' | 'shell',
    words: readonly string[],
    token: string,
  ): void;
}
