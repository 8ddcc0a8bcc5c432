/**
 * The "New machine" form as text, and its way to a machine's definition and back to messages per field.
 * Never corrects silently: what cannot be read becomes a message at its field.
 */
import {
  defaultSpec,
  differingPaths,
  machineSpecSchema,
  optionsOf,
  presetOptions,
  withPreset,
  type AcceleratorChoice,
  type AppError,
  type MachineSpec,
  type MachineView,
  type Preset,
} from '../../shared/index.ts';
import { machineNameFor } from '../format/index.ts';
import { freeName, freeNameLike } from './machine-filter.ts';
import { covers } from './options/field-paths.ts';
import { readText, writeText } from './options/field-texts.ts';

/** The fields in the order of the page; the first bad one gets the focus. */
export const fieldNames = [
  'name',
  'preset',
  'vcpus',
  'memoryMiB',
  'kernel',
  'initrd',
  'commandLine',
  'accelerator',
] as const satisfies readonly (keyof MachineSpec)[];

/** Those of them that are typed. */
const typedNames = ['vcpus', 'memoryMiB', 'kernel', 'initrd', 'commandLine'] as const;

export type FieldName = (typeof fieldNames)[number];

/** What the inputs hold. Numbers are text until they are read. */
export interface MachineForm {
  name: string;
  preset: Preset;
  /** Whether a person chose it; until then it follows what the machine is for. */
  presetChosen: boolean;
  vcpus: string;
  memoryMiB: string;
  kernel: string;
  initrd: string;
  commandLine: string;
  accelerator: AcceleratorChoice;
  /** All that the dialog does not ask for: the preset's options, and what a mend has changed. */
  rest: Omit<MachineSpec, FieldName>;
}

export type FieldErrors = Partial<Record<FieldName, string>>;

/** A form that can be sent as it is. */
export function initialForm(name: string): MachineForm {
  return formOf({ ...defaultSpec, name });
}

/** The form of a definition. */
export function formOf(spec: MachineSpec): MachineForm {
  const { name, preset, vcpus, memoryMiB, kernel, initrd, commandLine, accelerator, ...rest } =
    structuredClone(spec);
  return {
    ...{ name, preset, presetChosen: false, commandLine, accelerator, rest },
    vcpus: String(vcpus),
    memoryMiB: String(memoryMiB),
    kernel: writeText('kernel', kernel),
    initrd: writeText('initrd', initrd),
  };
}

/** The form with the preset that a person chose, and with its options in place of those before. */
export function withFormPreset(form: MachineForm, preset: Preset): MachineForm {
  return { ...withPresetOptions(form, preset), presetChosen: true };
}

function withPresetOptions(form: MachineForm, preset: Preset): MachineForm {
  const options = { ...form.rest, preset, accelerator: form.accelerator };
  const { accelerator, preset: chosen, ...rest } = withPreset(options, preset);
  return { ...form, accelerator, preset: chosen, rest };
}

/** Reads the form: a definition, or a message for every field that is wrong. */
export function readForm(
  form: MachineForm,
): { ok: true; spec: MachineSpec } | { ok: false; errors: FieldErrors } {
  const result = machineSpecSchema.safeParse({
    ...form.rest,
    ...Object.fromEntries(fieldNames.map((name) => [name, form[name]])),
    ...Object.fromEntries(typedNames.map((name) => [name, readText(name, form[name])])),
  });
  if (result.success) return { ok: true, spec: withKernelsBoard(result.data) };
  const errors: FieldErrors = {};
  for (const { path, message } of result.error.issues) {
    const field = fieldNames.find((name) => name === path[0]);
    if (field) errors[field] ??= message;
  }
  return { ok: false, errors };
}

/** The preset may have been chosen before the kernel was, and can mean another board with that. */
function withKernelsBoard(spec: MachineSpec): MachineSpec {
  const { preset, kernel, board } = spec;
  const untouched = differingPaths(board, presetOptions[preset].board).length === 0;
  return untouched ? { ...spec, board: { ...optionsOf(preset, kernel).board } } : spec;
}

/** The dialog's field for a path like `kernel.path`; null when it does not ask for that. */
export function fieldAt(path: unknown): FieldName | null {
  return fieldNames.find((name) => typeof path === 'string' && covers(name, path)) ?? null;
}

/** Where main's refusal belongs: at a field when `details.field` names one, else above all. */
export function placeError(error: AppError): { field: FieldName | null; message: string } {
  return { field: fieldAt(error.details.field), message: error.message };
}

/** A container's programs need more room than Nandu's own shell. */
const containerMemoryMiB = 512;

/** What the form fills in by itself; a field that reads otherwise was typed. */
export interface Proposal {
  name: string;
  memoryMiB: string;
  preset: Preset;
}

/** What to propose for an image, or for none where it is empty. */
export function proposalFor(image: string, machines: readonly MachineView[]): Proposal {
  if (image.trim() === '') {
    const { memoryMiB, preset } = defaultSpec;
    return { name: freeName(machines), memoryMiB: String(memoryMiB), preset };
  }
  const base = machineNameFor(image) ?? 'container';
  // Its kernel is quiet: what the command prints is not to be looked for below a page of kernel log.
  return {
    ...{ name: freeNameLike(base, machines), preset: 'fast' },
    memoryMiB: String(containerMemoryMiB),
  };
}

/** The form with another proposal in the fields that still hold the one before. */
export function withProposal(form: MachineForm, before: Proposal, after: Proposal): MachineForm {
  // An accelerator that was chosen stays: presets that are proposed leave it open.
  const { accelerator } = form;
  const preset =
    form.presetChosen || form.preset !== before.preset
      ? form
      : { ...withPresetOptions(form, after.preset), accelerator };
  return {
    ...preset,
    name: form.name === before.name ? after.name : form.name,
    memoryMiB: form.memoryMiB === before.memoryMiB ? after.memoryMiB : form.memoryMiB,
  };
}

/** The fields that the container's part of the dialog asks for. */
const containerFields = [
  ...['container', 'network', 'portForwards', 'lifetimeMinutes'],
  ...['ready', 'readyDeadlineSeconds'],
];

/** Whether a path belongs to the container's part of the dialog. */
export function isContainerField(path: string): boolean {
  return containerFields.some((field) => covers(field, path));
}

/** The machine's part and the container's as one definition. */
export function withContainer(
  spec: MachineSpec,
  part: MachineSpec,
  image: { source: string; digest: string },
): MachineSpec {
  const { container, network, portForwards, lifetimeMinutes, ready, readyDeadlineSeconds } = part;
  if (container === null) return spec;
  return {
    ...spec,
    ...{ network, portForwards, lifetimeMinutes, ready, readyDeadlineSeconds },
    container: { ...container, image: image.source, digest: image.digest },
  };
}
