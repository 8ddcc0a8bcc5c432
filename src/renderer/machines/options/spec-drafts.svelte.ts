/**
 * The drafts of all machines, so that leaving the Settings tab loses no edit and others can tell that there is one.
 * Keeps a draft only as long as it has edits or is on the screen.
 */
import { untrack } from 'svelte';
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { MachineId, MachineView } from '../../../shared/index.ts';
import { KeptEdits } from './kept-edits.ts';
import { SpecDraft } from './spec-draft.svelte.ts';

/** The drafts by machine. */
export class SpecDrafts {
  readonly #drafts = new SvelteMap<MachineId, { draft: SpecDraft; end: () => void }>();

  /** Kept from before, and not opened since. */
  readonly #waiting: SvelteSet<MachineId>;
  readonly #kept: KeptEdits;

  constructor(kept: KeptEdits) {
    this.#kept = kept;
    this.#waiting = new SvelteSet(kept.ids());
  }

  /** The machine's draft, made when there is none. */
  of(machine: MachineView): SpecDraft {
    const known = untrack(() => this.#drafts.get(machine.id));
    if (known) return known.draft;
    // What a draft derives must not end with the component that happened to ask for it first.
    let made: SpecDraft | undefined;
    const kept = this.#kept.read(machine.id);
    const end = $effect.root(() => {
      const draft = new SpecDraft(machine.spec, kept);
      made = draft;
      $effect(() => {
        if (draft.changes.length > 0) this.#kept.keep(machine.id, draft.state);
        else this.#kept.forget(machine.id);
      });
    });
    const draft = made as unknown as SpecDraft;
    this.#drafts.set(machine.id, { draft, end });
    untrack(() => this.#waiting.delete(machine.id));
    return draft;
  }

  /** Whether a machine has edits that are not saved. */
  hasEdits(id: MachineId): boolean {
    return this.#waiting.has(id) || (this.#drafts.get(id)?.draft.changes.length ?? 0) > 0;
  }

  /** Forgets a draft that has no edits. */
  release(id: MachineId): void {
    const known = untrack(() => this.#drafts.get(id));
    if (!known || untrack(() => known.draft.changes.length) > 0) return;
    this.#drop(id, known.end);
  }

  /** Forgets the draft of a machine that is gone, with its edits. */
  forget(id: MachineId): void {
    const known = untrack(() => this.#drafts.get(id));
    if (known) this.#drop(id, known.end);
    this.#waiting.delete(id);
    this.#kept.forget(id);
  }

  #drop(id: MachineId, end: () => void): void {
    this.#drafts.delete(id);
    end();
  }
}

/** The window's drafts. */
export const specDrafts = new SpecDrafts(new KeptEdits(localStorage));
