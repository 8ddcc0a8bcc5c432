/**
 * From what a person ticked and typed to an experiment's plan, or to what is wrong with it.
 * Pure. Never corrects silently, except that names that would be the same are numbered.
 */
import {
  bootedSpecOf,
  labLimits,
  labPlanSchema,
  presets,
  type LabPlan,
  type LabVariant,
  type MachineId,
  type MachineSpec,
  type MachineView,
} from '../../shared/index.ts';
import { baseName, formatMemory } from '../format/index.ts';
import { freeName } from './free-name.ts';
import { bootsAlike, readyVariants, type LabHost, type ReadyVariant } from './ready-variants.ts';

/** What can be ticked: ready-made variants, those of an earlier plan, definitions of machines. */
export interface DraftEntry extends Omit<ReadyVariant, 'group'> {
  readonly group: ReadyVariant['group'] | 'Earlier' | 'Machines';
}

/** What the dialog holds. Numbers are text until they are read. */
export interface DraftTexts {
  readonly name: string;
  readonly rounds: string;
  readonly warmUps: string;
}

/** As they stand there at first: enough for a difference, also where a few boots fail. */
export const defaultRounds = 10;

export type DraftField = keyof DraftTexts | 'variants';
export type DraftErrors = Partial<Record<DraftField, string>>;

/**
 * @param earlier variants of a plan that is copied.
 * @param added machines whose definitions are compared as well.
 * @param baseId the machine that has the base's definition; undefined where none does.
 */
export function draftEntries(
  base: MachineSpec,
  host: LabHost,
  earlier: readonly LabVariant[],
  added: readonly MachineView[],
  baseId?: MachineId,
): DraftEntry[] {
  const kept = earlier.map((variant, index): DraftEntry => ({
    ...{ key: `earlier ${index}`, group: 'Earlier', variant, problem: null },
    sentence: describe(variant, host),
  }));
  const ready = readyVariants(base, host)
    .filter(({ variant }) => !earlier.some((one) => bootsAlike(one, variant)))
    .map((entry) => ({ ...entry, variant: ofMachine(baseId, entry.variant) }));
  const machines = added.map(({ id, spec }): DraftEntry => ({
    ...{ key: `machine ${id}`, group: 'Machines', problem: null },
    variant: ofMachine(id, { name: shortened(spec.name), spec, board: 'microvm' }),
    sentence: describe({ spec, board: 'microvm' }, host),
  }));
  return [...kept, ...ready, ...machines];
}

/** The variant as one that is made from this machine, whose secrets its boots know. */
export function ofMachine(machineId: MachineId | undefined, variant: LabVariant): LabVariant {
  return machineId === undefined ? variant : { ...variant, machineId };
}

/** Why the lab cannot know its secrets; null where it may. */
export function secretsProblem({ spec, machineId }: LabVariant): string | null {
  const names = spec.container?.secrets ?? [];
  if (names.length === 0 || machineId !== undefined) return null;
  return `It needs ${names.map((name) => `“${name}”`).join(', ')}, whose value only a machine has: choose that machine as the base.`;
}

/** The entries that are compared, the reference first. */
export function chosenEntries(
  entries: readonly DraftEntry[],
  ticked: ReadonlySet<string>,
  reference: string,
): DraftEntry[] {
  const chosen = entries.filter(({ key, problem }) => ticked.has(key) && problem === null);
  return [
    ...chosen.filter(({ key }) => key === reference),
    ...chosen.filter(({ key }) => key !== reference),
  ];
}

/** @param chosen as {@link chosenEntries} orders them. */
export function readDraft(
  { name, rounds, warmUps }: DraftTexts,
  chosen: readonly DraftEntry[],
): { ok: true; plan: LabPlan } | { ok: false; errors: DraftErrors } {
  const result = labPlanSchema.safeParse({
    ...{ name, rounds: readNumber(rounds), warmUps: readNumber(warmUps) },
    variants: withNamesOfTheirOwn(chosen.map(({ variant }) => variant)),
  });
  if (result.success) return { ok: true, plan: result.data };
  const errors: DraftErrors = {};
  for (const { path, message } of result.error.issues) errors[path[0] as DraftField] ??= message;
  return { ok: false, errors };
}

/** A name for an experiment about a machine. */
export function proposedName(machine: string | null): string {
  return shortened(machine === null ? 'Ways to boot' : `Ways to boot ${machine}`);
}

/** The text cut to what a name may have. */
export function shortened(text: string): string {
  const { nameLength } = labLimits;
  return text.length <= nameLength ? text : `${text.slice(0, nameLength - 1).trimEnd()}…`;
}

/** What tells one definition from another, in a line. */
function describe(variant: Omit<LabVariant, 'name'>, host: LabHost): string {
  const spec = bootedSpecOf(variant);
  const { kernel, memoryMiB, preset, quietKernel, console: chosen } = spec;
  const title = { default: host.defaultKernel?.title, fast: host.fastKernel?.title, file: null };
  return [
    variant.board === 'q35' ? 'q35' : '',
    kernel.kind === 'file'
      ? baseName(kernel.path)
      : (title[kernel.kind] ?? `${kernel.kind} kernel`),
    formatMemory(memoryMiB),
    `${presets[preset].title} preset`,
    `${chosen} console`,
    quietKernel ? 'quiet' : '',
    spec.board.acpi ? '' : 'no ACPI',
  ]
    .filter(Boolean)
    .join(', ');
}

function readNumber(text: string): number {
  return /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : Number.NaN;
}

function withNamesOfTheirOwn(variants: readonly LabVariant[]): LabVariant[] {
  const taken = new Set<string>();
  return variants.map((variant) => {
    const name = freeName(variant.name, taken);
    taken.add(name);
    return { ...variant, name };
  });
}
