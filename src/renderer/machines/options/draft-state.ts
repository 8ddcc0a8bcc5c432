/**
 * A definition that is being edited, as plain data: what is saved, what it is to become, and the texts that
 * were typed. Pure: every function gives a new state, and nothing that was typed is ever corrected.
 */
import { differingPaths, machineSpecSchema, type MachineSpec } from '../../../shared/index.ts';
import { covers, fieldsOf, valueAt, withValueAt } from './field-paths.ts';
import { readText, unreadable, writeText } from './field-texts.ts';

export interface DraftState {
  /** As main has it. */
  readonly saved: MachineSpec;
  /** What it is to become. Has the right shape, but may be out of bounds; NaN where a text is no number. */
  readonly value: MachineSpec;
  /** What is in the inputs by path of field, as long as it means the value there. */
  readonly texts: Readonly<Record<string, string>>;
}

/** A draft without edits. */
export function openDraft(saved: MachineSpec): DraftState {
  return { saved, value: saved, texts: {} };
}

/** Takes all edits back. */
export function discarded(state: DraftState): DraftState {
  return openDraft(state.saved);
}

/** Another definition in place of the draft's, as after choosing a preset. */
export function withSpec(state: DraftState, value: MachineSpec): DraftState {
  return { ...state, value, texts: stillMeant(value, state.texts) };
}

/** Another value at a path. */
export function withValue(state: DraftState, path: string, value: unknown): DraftState {
  return withSpec(state, withValueAt(state.value, path, value));
}

/** Values at several paths, as a finding's mend has them. */
export function withValues(state: DraftState, changes: Record<string, unknown>): DraftState {
  return Object.entries(changes).reduce(
    (next, [path, value]) => withValue(next, path, value),
    state,
  );
}

/** What was typed into the input of the field at a path. */
export function withText(state: DraftState, path: string, text: string): DraftState {
  const value = withValueAt(state.value, path, readText(path, text));
  const texts = { ...stillMeant(value, state.texts), [path]: text };
  return { ...state, value, texts };
}

/** What the input of the field at a path shows. */
export function textAt({ value, texts }: DraftState, path: string): string {
  return texts[path] ?? writeText(path, valueAt(value, path));
}

/**
 * The rows of a list (`disks`, `container.folders`) in another order or number; `from` names each one's
 * former place, or null for a new one.
 */
export function withRows(
  state: DraftState,
  list: string,
  rows: readonly unknown[],
  from: readonly (number | null)[],
): DraftState {
  const texts: Record<string, string> = {};
  for (const [path, text] of Object.entries(state.texts)) {
    if (!path.startsWith(`${list}.`)) {
      texts[path] = text;
      continue;
    }
    const [place, ...rest] = path.slice(list.length + 1).split('.');
    const next = from.indexOf(Number(place));
    if (next >= 0) texts[[list, next, ...rest].join('.')] = text;
  }
  const value = withValueAt(state.value, list, [...rows]);
  return { ...state, value, texts: stillMeant(value, texts) };
}

/** After main's definition changed: edits stay, and fields without one follow. */
export function rebased(state: DraftState, saved: MachineSpec): DraftState {
  const value = merged(state.saved, state.value, saved) as MachineSpec;
  return { saved, value, texts: stillMeant(value, state.texts) };
}

/** After main took over what was sent: whatever was typed since is still an edit. */
export function stored(state: DraftState, sent: MachineSpec, saved: MachineSpec): DraftState {
  return rebased({ ...state, saved: sent }, saved);
}

/** The fields that differ from what is saved. */
export function changedFields({ saved, value }: DraftState): string[] {
  return fieldsOf(differingPaths(saved, value));
}

/** The definition, or what is wrong with it by path. */
export function readDraft(state: DraftState): {
  spec: MachineSpec | null;
  errors: Readonly<Record<string, string>>;
} {
  const result = machineSpecSchema.safeParse(state.value);
  if (result.success) return { spec: result.data, errors: {} };
  const errors: Record<string, string> = {};
  for (const { path, message } of result.error.issues) errors[path.join('.')] ??= message;
  for (const path of Object.keys(errors)) {
    if (!Number.isNaN(valueAt(state.value, path))) continue;
    errors[path] = unreadable(path) ?? errors[path] ?? '';
  }
  return { spec: null, errors };
}

const same = (a: unknown, b: unknown): boolean => differingPaths(a, b).length === 0;

/** The texts that still mean what the value says; a value that came from elsewhere is written anew. */
function stillMeant(value: MachineSpec, texts: DraftState['texts']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts).filter(([path, text]) =>
      same(readText(path, text), valueAt(value, path)),
    ),
  );
}

/** A three-way merge by field. A choice between kinds and a list of another length are one field. */
function merged(base: unknown, mine: unknown, theirs: unknown): unknown {
  if (same(mine, base)) return theirs;
  if (same(theirs, base)) return mine;
  const all = [base, mine, theirs];
  if (all.every((value) => Array.isArray(value) && value.length === (mine as unknown[]).length)) {
    const [left, right, old] = [mine, theirs, base] as unknown[][];
    return left?.map((item, at) => merged(old?.[at], item, right?.[at]));
  }
  const objects = all.every((value) => typeof value === 'object' && value !== null);
  if (!objects || all.some(Array.isArray) || 'kind' in (mine as object)) return mine;
  const [left, right, old] = [mine, theirs, base] as Record<string, unknown>[];
  const merge = (key: string): unknown => merged(old?.[key], left?.[key], right?.[key]);
  return Object.fromEntries(Object.keys(mine as object).map((key) => [key, merge(key)]));
}

/** The first complaint about a field or a part of it. */
export function errorAt(
  errors: Readonly<Record<string, string>>,
  field: string,
): string | undefined {
  return Object.entries(errors).find(([path]) => covers(field, path))?.[1];
}
