/**
 * The drafts of all machines, so that leaving the Settings tab loses no edit.
 * Keeps a draft only as long as it has edits or is on the screen.
 */
import type { MachineId, MachineView } from '../../../shared/index.ts';
import { SpecDraft } from './spec-draft.svelte.ts';

/** The drafts by machine. */
export class SpecDrafts {
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing is drawn from it
  readonly #drafts = new Map<MachineId, { draft: SpecDraft; end: () => void }>();

  /** The machine's draft, made when there is none. */
  of(machine: MachineView): SpecDraft {
    const known = this.#drafts.get(machine.id);
    if (known) return known.draft;
    // What a draft derives must not end with the component that happened to ask for it first.
    let made: SpecDraft | undefined;
    const end = $effect.root(() => {
      made = new SpecDraft(machine.spec);
    });
    const draft = made as unknown as SpecDraft;
    this.#drafts.set(machine.id, { draft, end });
    return draft;
  }

  /** Forgets a draft that has no edits. */
  release(id: MachineId): void {
    const known = this.#drafts.get(id);
    if (!known || known.draft.changes.length > 0) return;
    known.end();
    this.#drafts.delete(id);
  }
}

/** The window's drafts. */
export const specDrafts = new SpecDrafts();
