/**
 * What the dialog "New experiment" knows and does: what is ticked and typed, what is wrong with it, its start.
 * Never touches the page: whoever shows it moves the focus.
 */
import { untrack } from 'svelte';
import { SvelteSet } from 'svelte/reactivity';
import {
  defaultSpec,
  type ExperimentId,
  type HostStatus,
  type MachineId,
  type MachineSpec,
  type MachineView,
} from '../../shared/index.ts';
import { asAppError } from '../api/index.ts';
import {
  chosenEntries,
  defaultRounds,
  draftEntries,
  proposedName,
  readDraft,
  shortened,
  type DraftEntry,
  type DraftErrors,
  type DraftField,
} from './draft-plan.ts';
import { freeName } from './free-name.ts';
import type { DraftStart, LabStore } from './lab-store.svelte.ts';

/** The choice of no machine, and of what a copied plan had first. */
export const defaultsBase = '';
export const copiedBase = 'copied';

/** The dialog's state, as runes. */
export class ExperimentDraft {
  readonly #lab: LabStore;
  readonly #start: DraftStart;
  readonly #machines: () => readonly MachineView[];
  readonly #host: () => HostStatus | null;
  readonly #ticked = new SvelteSet<string>();
  #reference = $state('as-it-is');
  #added: readonly MachineId[] = $state.raw([]);
  #baseId: string = $state(defaultsBase);
  #name = $state('');
  /** Until a person writes a name, it follows the base. */
  #named = $state(false);
  rounds = $state(String(defaultRounds));
  warmUps = $state('1');
  #tried = $state(false);
  #starting = $state(false);
  #failure: string | null = $state(null);

  constructor(
    lab: LabStore,
    start: DraftStart,
    machines: () => readonly MachineView[],
    host: () => HostStatus | null,
  ) {
    this.#lab = lab;
    this.#start = start;
    this.#machines = machines;
    this.#host = host;
    if ('plan' in start) {
      const { plan } = start;
      this.#baseId = copiedBase;
      this.#named = true;
      this.#name = freeName(plan.name, lab.names);
      this.rounds = String(plan.rounds);
      this.warmUps = String(plan.warmUps);
      this.#reference = 'earlier 0';
      for (const index of plan.variants.keys()) this.#ticked.add(`earlier ${index}`);
    } else {
      this.#baseId = start.machine ?? defaultsBase;
      this.#ticked.add('as-it-is');
      untrack(() => this.#tickProposal());
    }
  }

  get copies(): boolean {
    return 'plan' in this.#start;
  }

  get baseId(): string {
    return this.#baseId;
  }

  set baseId(id: string) {
    this.#baseId = id;
    this.#added = this.#added.filter((added) => added !== id);
  }

  get name(): string {
    if (this.#named) return this.#name;
    return freeName(proposedName(this.#baseMachine?.spec.name ?? null), this.#lab.names);
  }

  set name(text: string) {
    this.#named = true;
    this.#name = text;
  }

  readonly #baseMachine = $derived.by(() =>
    this.#machines().find((machine) => machine.id === this.#baseId),
  );

  readonly #base: MachineSpec = $derived.by(() => {
    const start = this.#start;
    const [first] = 'plan' in start ? start.plan.variants : [];
    if (this.#baseId === copiedBase && first) return first.spec;
    return this.#baseMachine?.spec ?? { ...defaultSpec, name: 'Nandu’s defaults' };
  });

  /** Whose secrets the ready-made variants know. */
  readonly #ownerOfBase: MachineId | undefined = $derived.by(() => {
    const start = this.#start;
    if (this.#baseId !== copiedBase) return this.#baseMachine?.id;
    return 'plan' in start ? start.plan.variants[0]?.machineId : undefined;
  });

  readonly entries: readonly DraftEntry[] = $derived.by(() => {
    const host = this.#host();
    if (host === null) return [];
    const added = this.#added.flatMap(
      (id) => this.#machines().find((machine) => machine.id === id) ?? [],
    );
    const start = this.#start;
    const { variants: earlier } = 'plan' in start ? start.plan : { variants: [] };
    return draftEntries(this.#base, host, earlier, added, this.#ownerOfBase);
  });

  /** Machines whose definitions can still be added. */
  readonly addable: readonly MachineView[] = $derived.by(() =>
    this.#machines().filter(({ id }) => id !== this.#baseId && !this.#added.includes(id)),
  );

  readonly chosen: readonly DraftEntry[] = $derived.by(() =>
    chosenEntries(this.entries, this.#ticked, this.#reference),
  );

  readonly #read = $derived.by(() => readDraft(this, this.chosen));

  /** Said once Start was pressed, and then as it is typed. */
  readonly errors: DraftErrors = $derived.by(() =>
    this.#tried && !this.#read.ok ? this.#read.errors : {},
  );

  /** How many rounds are wanted, as far as that can be read. */
  readonly plan = $derived.by(() => (this.#read.ok ? this.#read.plan : null));

  get starting(): boolean {
    return this.#starting;
  }

  get failure(): string | null {
    return this.#failure;
  }

  isTicked(key: string): boolean {
    return this.chosen.some((entry) => entry.key === key);
  }

  /** The first of the chosen ones: that which was meant, or what took its place. */
  get reference(): string {
    return this.chosen[0]?.key ?? '';
  }

  set reference(key: string) {
    this.#reference = key;
  }

  tick(key: string, ticked: boolean): void {
    if (ticked) this.#ticked.add(key);
    else this.#ticked.delete(key);
  }

  /** Compares a machine's definition as well. */
  add(id: MachineId): void {
    this.#added = [...this.#added, id];
    this.#ticked.add(`machine ${id}`);
  }

  /** @returns the experiment that goes on now, or the first field that is not right; null for a refusal. */
  async start(): Promise<{ started: ExperimentId } | { look: DraftField } | null> {
    if (this.#starting) return null;
    this.#tried = true;
    this.#failure = null;
    if (!this.#read.ok) {
      const { errors } = this.#read;
      const order: DraftField[] = ['name', 'variants', 'rounds', 'warmUps'];
      return { look: order.find((field) => errors[field] !== undefined) ?? 'name' };
    }
    this.#starting = true;
    try {
      return { started: (await this.#lab.start(this.#read.plan)).id };
    } catch (thrown) {
      this.#failure = asAppError(thrown).message;
      return null;
    } finally {
      this.#starting = false;
    }
  }

  /** The change that promises most is a good first thing to compare with. */
  #tickProposal(): void {
    const offered = (key: string): boolean =>
      this.entries.some((entry) => entry.key === key && entry.problem === null);
    const first = ['kernel-fast', 'preset-fast', 'kernel-elf', 'quiet'].find(offered);
    if (first !== undefined) this.#ticked.add(first);
  }
}

/** A base's title in the list of bases. */
export function copiedTitle(start: DraftStart): string {
  const [first] = 'plan' in start ? start.plan.variants : [];
  return shortened(`“${first?.name ?? ''}” of the copied experiment`);
}
