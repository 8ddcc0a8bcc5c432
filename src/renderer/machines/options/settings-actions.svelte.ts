/**
 * What a person can do with a draft beside editing it: save it, undo the last edit.
 * Never edits by itself; what main refused is told to the draft or kept as `failure`.
 */
import type { AppError, MachineId } from '../../../shared/index.ts';
import { asAppError, request } from '../../api/index.ts';
import type { SpecDraft } from './spec-draft.svelte.ts';

/** The requests of one machine's settings, each at most once at a time. */
export class SettingsActions {
  readonly #id: MachineId;
  readonly #draft: SpecDraft;
  #busy: 'save' | 'undo' | null = $state(null);
  #failure: { title: string; error: AppError } | null = $state.raw(null);

  constructor(id: MachineId, draft: SpecDraft) {
    this.#id = id;
    this.#draft = draft;
  }

  get busy(): 'save' | 'undo' | null {
    return this.#busy;
  }

  /** Why the last undo failed; a refused save is the draft's. */
  get failure(): { title: string; error: AppError } | null {
    return this.#failure;
  }

  dismiss(): void {
    this.#failure = null;
  }

  /** Sends the draft. Resolves with whether it is stored; the draft must be in bounds. */
  async save(): Promise<boolean> {
    const sent = this.#draft.spec;
    if (sent === null || this.#busy !== null) return false;
    this.#busy = 'save';
    try {
      const machine = await request('machine:update', { id: this.#id, spec: sent });
      this.#draft.stored(machine.spec, sent);
      return true;
    } catch (thrown) {
      this.#draft.refuse(asAppError(thrown));
      return false;
    } finally {
      this.#busy = null;
    }
  }

  /** Takes the last stored edit back; edits that are not stored stay. */
  async undo(): Promise<void> {
    if (this.#busy !== null) return;
    this.#busy = 'undo';
    this.#failure = null;
    try {
      const machine = await request('machine:undo', { id: this.#id });
      this.#draft.stored(machine.spec);
    } catch (thrown) {
      const error = asAppError(thrown);
      if (error.code !== 'cancelled') this.#failure = { title: 'Not undone', error };
    } finally {
      this.#busy = null;
    }
  }
}
