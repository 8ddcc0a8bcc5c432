/**
 * What a person can do with a draft beside editing it: save it with what was typed as secrets, undo the last edit.
 * Never edits by itself; what main refused is told to the draft or kept as `failure`.
 */
import type { AppError, MachineId } from '../../../shared/index.ts';
import { asAppError, request } from '../../api/index.ts';
import type { KeptSecrets } from './kept-secrets.svelte.ts';
import type { SecretValues } from './secret-values.svelte.ts';
import type { SpecDraft } from './spec-draft.svelte.ts';

/** The requests of one machine's settings, each at most once at a time. */
export class SettingsActions {
  readonly #id: MachineId;
  readonly #draft: SpecDraft;
  readonly #typed: SecretValues;
  readonly #kept: KeptSecrets;
  #busy: 'save' | 'undo' | null = $state(null);
  #failure: { title: string; error: AppError } | null = $state.raw(null);

  /** @param typed values of secrets that are saved with the draft. */
  constructor(id: MachineId, draft: SpecDraft, typed: SecretValues, kept: KeptSecrets) {
    this.#id = id;
    this.#draft = draft;
    this.#typed = typed;
    this.#kept = kept;
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

  /** Sends the draft and the typed secrets. Resolves with whether all is stored; the draft must be in bounds. */
  async save(): Promise<boolean> {
    const sent = this.#draft.spec;
    if (sent === null || this.#busy !== null) return false;
    this.#busy = 'save';
    try {
      if (this.#draft.changes.length > 0) {
        const machine = await request('machine:update', { id: this.#id, spec: sent });
        this.#draft.stored(machine.spec, sent);
      }
      return await this.#saveSecrets();
    } catch (thrown) {
      this.#draft.refuse(asAppError(thrown));
      return false;
    } finally {
      this.#busy = null;
    }
  }

  /** Values of variables that are no secrets any more go, too; a failure is told at the secrets. */
  async #saveSecrets(): Promise<boolean> {
    const { container } = this.#draft.saved;
    if (container === null) return true;
    if (!(await this.#kept.saved(container.secrets))) return false;
    const values = this.#typed.byName(container.secrets);
    if (Object.keys(values).length > 0 && !(await this.#kept.set(values))) return false;
    this.#typed.clear();
    return true;
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
