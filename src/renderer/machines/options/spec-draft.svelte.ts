/**
 * One machine's definition while it is being edited, as runes: the state of `draft-state.ts`, and what the
 * schema and main have to say about it. Never talks to main and never corrects what was typed.
 */
import type { AppError, Finding, MachineSpec, MachineView, Preset } from '../../../shared/index.ts';
import { differingPaths, isLive, withPreset } from '../../../shared/index.ts';
import {
  changedFields,
  discarded,
  openDraft,
  readDraft,
  rebased,
  stored,
  textAt,
  withRows,
  withSpec,
  withText,
  withValue,
  withValues,
  type DraftState,
} from './draft-state.ts';
import { messagesAt, type Message, type Refusal } from './field-messages.ts';
import { covers, fieldOf, fieldsOf } from './field-paths.ts';
import { changedSincePreset } from './preset-difference.ts';

/** A draft; made from what is saved, kept in step with it by `follow`. */
export class SpecDraft {
  #state: DraftState = $state.raw({} as DraftState);
  #findings: readonly Finding[] = $state.raw([]);
  #refusal: Refusal | null = $state.raw(null);
  #pending: readonly string[] = $state.raw([]);
  #tried = $state(false);
  /** The definition that was last seen; an older answer of main's must not come back through it. */
  #seen: MachineSpec;
  readonly #read = $derived(readDraft(this.#state));
  readonly #changes: readonly string[] = $derived(changedFields(this.#state));
  readonly #fromPreset: readonly string[] = $derived(changedSincePreset(this.#state.value));

  /** @param kept what was typed before the page or the app ended; follows what was saved since. */
  constructor(saved: MachineSpec, kept: DraftState | null = null) {
    this.#seen = saved;
    this.#state = kept === null ? openDraft(saved) : rebased(kept, saved);
  }

  /** All of it as plain data. */
  get state(): DraftState {
    return this.#state;
  }

  /** As it stands: the right shape, perhaps out of bounds. */
  get value(): MachineSpec {
    return this.#state.value;
  }

  /** Ready to be sent; null while something is out of bounds. */
  get spec(): MachineSpec | null {
    return this.#read.spec;
  }

  get saved(): MachineSpec {
    return this.#state.saved;
  }

  /** What the schema refuses, by path. */
  get errors(): Readonly<Record<string, string>> {
    return this.#read.errors;
  }

  /** The fields with unsaved edits. */
  get changes(): readonly string[] {
    return this.#changes;
  }

  /** The fields at which the options are no longer the preset's. */
  get fromPreset(): readonly string[] {
    return this.#fromPreset;
  }

  /** The fields that the machine takes over at its next start. */
  get pending(): readonly string[] {
    return this.#pending;
  }

  /** What main says about the last definition that it could check. */
  get findings(): readonly Finding[] {
    return this.#findings;
  }

  set findings(findings: readonly Finding[]) {
    this.#findings = findings;
  }

  /** Why main refused the last save; null when it did not, or that field was changed since. */
  get refusal(): string | null {
    return this.#refusal?.message ?? null;
  }

  /** The field that the refusal is about. */
  get refusedField(): string | null {
    return this.#refusal?.field ?? null;
  }

  /** Whether a save was tried that the schema refused: from then on empty fields are complained about. */
  get tried(): boolean {
    return this.#tried;
  }

  set tried(tried: boolean) {
    this.#tried = tried;
  }

  text(path: string): string {
    return textAt(this.#state, path);
  }

  type(path: string, text: string): void {
    this.#edit(withText(this.#state, path, text), path);
  }

  set(path: string, value: unknown): void {
    this.#edit(withValue(this.#state, path, value), path);
  }

  /** The rows of a list in another order or number; `from` names each one's former place. */
  setRows(list: string, rows: readonly unknown[], from: readonly (number | null)[]): void {
    this.#edit(withRows(this.#state, list, rows, from), list);
  }

  choosePreset(preset: Preset): void {
    this.#edit(withSpec(this.#state, withPreset(this.value, preset)), 'preset');
  }

  /** Takes a finding's mend over. */
  mend(changes: Record<string, unknown>): void {
    this.#edit(withValues(this.#state, changes), ...Object.keys(changes));
  }

  discard(): void {
    this.#state = discarded(this.#state);
    this.#refusal = null;
    this.#tried = false;
  }

  /** Keeps in step with main: fields without an edit follow, edits stay. */
  follow(machine: MachineView): void {
    this.#pending = fieldsOf(machine.pendingChanges);
    if (differingPaths(this.#seen, machine.spec).length === 0) return;
    this.#seen = machine.spec;
    this.#state = rebased(this.#state, machine.spec);
  }

  /** Main took over what was sent (or took an edit back, when nothing was). */
  stored(saved: MachineSpec, sent: MachineSpec = this.saved): void {
    this.#state = stored(this.#state, sent, saved);
    this.#refusal = null;
    this.#tried = false;
  }

  /** Main refused what was sent. */
  refuse({ message, details }: AppError): void {
    this.#refusal = { field: typeof details.field === 'string' ? details.field : null, message };
  }

  isChanged(field: string): boolean {
    return this.#changes.some((path) => covers(field, path));
  }

  /** Whether a saved value of this field still waits for a restart. */
  isPending(field: string): boolean {
    return this.#pending.some((path) => covers(field, path));
  }

  /** How many edits a running machine takes over only at its next start. */
  get changesAtNextStart(): number {
    return this.#changes.filter((path) => !isLive(path)).length;
  }

  /** What there is to say at a field, errors first; with `deep` also what concerns a part of it. */
  messagesAt(field: string, deep = true): Message[] {
    return messagesAt(
      { errors: this.errors, findings: this.#findings, refusal: this.#refusal },
      field,
      deep,
    );
  }

  #edit(state: DraftState, ...paths: string[]): void {
    this.#state = state;
    // What was refused has been changed: the refusal no longer speaks of what is there.
    const refused = this.#refusal?.field ?? null;
    if (
      refused === null ||
      paths.some((path) => fieldOf(path) === fieldOf(refused) || covers(path, refused))
    ) {
      this.#refusal = null;
    }
  }
}

/** The draft of a machine that is not made yet: all of it is new, so nothing is marked as changed. */
export class NewSpecDraft extends SpecDraft {
  override isChanged(): boolean {
    return false;
  }
}
