/**
 * The "New machine" form as text, and its way to a machine's definition and back to messages per field.
 * Never corrects silently: what cannot be read becomes a message at its field.
 */
import {
  defaultSpec,
  machineSpecSchema,
  withPreset,
  type AcceleratorChoice,
  type AppError,
  type MachineSpec,
  type Preset,
} from '../../shared/index.ts';
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
    ...{ name, preset, commandLine, accelerator, rest },
    vcpus: String(vcpus),
    memoryMiB: String(memoryMiB),
    kernel: writeText('kernel', kernel),
    initrd: writeText('initrd', initrd),
  };
}

/** The form with another preset, and with its options in place of those before. */
export function withFormPreset(form: MachineForm, preset: Preset): MachineForm {
  const options = { ...form.rest, preset, accelerator: form.accelerator };
  const { accelerator, preset: chosen, ...rest } = withPreset(options, preset);
  return { ...form, accelerator, preset: chosen, rest };
}

/** Reads the form: a definition, or a message for every field that is wrong. */
export function readForm(
  form: MachineForm,
): { ok: true; spec: MachineSpec } | { ok: false; errors: FieldErrors } {
  const { rest, ...shown } = form;
  const result = machineSpecSchema.safeParse({
    ...rest,
    ...shown,
    ...Object.fromEntries(typedNames.map((name) => [name, readText(name, form[name])])),
  });
  if (result.success) return { ok: true, spec: result.data };
  const errors: FieldErrors = {};
  for (const { path, message } of result.error.issues) {
    const field = fieldNames.find((name) => name === path[0]);
    if (field) errors[field] ??= message;
  }
  return { ok: false, errors };
}

/** The dialog's field for a path like `kernel.path`; null when it does not ask for that. */
export function fieldAt(path: unknown): FieldName | null {
  return fieldNames.find((name) => typeof path === 'string' && covers(name, path)) ?? null;
}

/** Where main's refusal belongs: at a field when `details.field` names one, else above all. */
export function placeError(error: AppError): { field: FieldName | null; message: string } {
  return { field: fieldAt(error.details.field), message: error.message };
}
