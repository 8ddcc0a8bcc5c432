/** Experiments of the boot lab: variants of a machine, booted many times in turns, and what came of it. */
import { z } from 'zod';
import { bootTimelineSchema } from './boot.ts';
import { machineIdSchema } from './ids.ts';
import { labLimits } from './lab-limits.ts';
import { machineSpecSchema } from './machine-spec.ts';
import { acceleratorSchema } from './run.ts';

export const experimentIdSchema = z.uuid().brand<'ExperimentId'>();
export type ExperimentId = z.infer<typeof experimentIdSchema>;

const labNameSchema = z
  .string()
  .trim()
  .min(1, 'Give it a name.')
  .max(labLimits.nameLength, `Use at most ${labLimits.nameLength} characters.`)
  // eslint-disable-next-line no-control-regex -- names stand in reports and file names
  .refine((name) => !/[\u0000-\u001f\u007f]/.test(name), 'A name must be plain text.');

/** One way to boot. */
export const labVariantSchema = z.strictObject({
  name: labNameSchema,
  /** Its name is of no account; ports, lifetime and a kept disk are left out of a lab's boots. */
  spec: machineSpecSchema,
  /** `q35`: the same machine on QEMU's ordinary board, as a yardstick. */
  board: z.enum(['microvm', 'q35']),
  /** The machine that it was made from: its boots know the secrets that this machine has, and nothing else of it. */
  machineId: machineIdSchema.optional(),
});
export type LabVariant = z.infer<typeof labVariantSchema>;

/** What a person asks for. The first variant is what the others are compared with. */
export const labPlanSchema = z.strictObject({
  name: labNameSchema,
  variants: z
    .array(labVariantSchema)
    .min(1, 'Choose at least one variant.')
    .max(labLimits.variants, `Compare at most ${labLimits.variants} variants at once.`)
    .refine(
      (variants) => new Set(variants.map(({ name }) => name)).size === variants.length,
      'Give each variant a name of its own.',
    ),
  /** Boots of each variant that count. */
  rounds: z
    .int('Use a whole number.')
    .min(1, 'Make at least one round.')
    .max(labLimits.rounds, `Make at most ${labLimits.rounds} rounds.`),
  /** Rounds before those, which do not count: they fill the caches. */
  warmUps: z
    .int('Use a whole number.')
    .min(0, 'Use 0 for none.')
    .max(labLimits.warmUps, `Make at most ${labLimits.warmUps}.`),
});
export type LabPlan = z.infer<typeof labPlanSchema>;

/** One boot of one variant. */
export const labResultSchema = z.object({
  /** Index of the variant in the plan. */
  variant: z.int().nonnegative(),
  /** From 0; warm-ups come first. */
  round: z.int().nonnegative(),
  startedAtMs: z.number(),
  /** Null where it did not get as far as a timeline. */
  boot: bootTimelineSchema.nullable(),
  /** Why it counts as failed; null for a boot that was ready. */
  failure: z
    .object({
      message: z.string(),
      /** The last lines of its console. */
      log: z.array(z.string()),
      /** The last lines of what QEMU itself said; not known of boots of an older Nandu. */
      qemuLog: z.array(z.string()).optional(),
    })
    .nullable(),
});
export type LabResult = z.infer<typeof labResultSchema>;

/** A file by what it held. */
export const labFileSchema = z.object({
  path: z.string(),
  /** In hexadecimal digits. */
  sha256: z.string(),
});
export type LabFile = z.infer<typeof labFileSchema>;

/** What a variant came down to, by which others can repeat it. An older Nandu wrote down the first three alone. */
export const labCommandSchema = z.object({
  argv: z.array(z.string()),
  accelerator: acceleratorSchema,
  qemuVersion: z.string(),
  kernel: labFileSchema.optional(),
  /** Null for a kernel that has none. */
  initrd: labFileSchema.nullable().optional(),
  /** What a container ran, in the words that were executed; there where one did. */
  container: z
    .object({ image: z.string(), digest: z.string(), words: z.array(z.string()) })
    .optional(),
});
export type LabCommand = z.infer<typeof labCommandSchema>;

/** `interrupted`: Nandu ended meanwhile, or something else kept it from going on; it can go on where it was. */
export const labStateSchema = z.enum(['running', 'paused', 'interrupted', 'finished', 'cancelled']);
export type LabState = z.infer<typeof labStateSchema>;

/** `nothing-ready`: no boot of any variant was; `no-reference`: none of the first variant, so that nothing can be compared. */
export const labTroubleSchema = z.enum(['nothing-ready', 'no-reference']);
export type LabTrouble = z.infer<typeof labTroubleSchema>;

export const experimentSchema = z.object({
  id: experimentIdSchema,
  createdAtMs: z.number(),
  state: labStateSchema,
  /** Why it was interrupted, in a sentence; null where that was the end of Nandu, or it was not. */
  reason: z.string().nullable().default(null),
  plan: labPlanSchema,
  /** From which the order of boots follows. */
  seed: z.int().nonnegative(),
  /** The computer, in a line: processors, memory, system, kernel; an older Nandu wrote the processors alone. */
  host: z.string(),
  /** Of each variant, in the plan's order; null before its first boot. */
  commands: z.array(labCommandSchema.nullable()),
  results: z.array(labResultSchema),
});
export type Experiment = z.infer<typeof experimentSchema>;

/** An experiment without its results, for lists and for progress. */
export const experimentSummarySchema = z.object({
  id: experimentIdSchema,
  createdAtMs: z.number(),
  state: labStateSchema,
  /** As in {@link experimentSchema}. */
  reason: z.string().nullable(),
  name: z.string(),
  variants: z.array(z.string()),
  /** Boots that were made, and those with all that are still to come. */
  done: z.int().nonnegative(),
  total: z.int().positive(),
  /** Null for none so far. */
  trouble: labTroubleSchema.nullable(),
  /** The variant that boots now; null while none does. */
  booting: z.string().nullable(),
});
export type ExperimentSummary = z.infer<typeof experimentSummarySchema>;
