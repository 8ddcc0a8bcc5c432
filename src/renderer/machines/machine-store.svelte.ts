/**
 * All machines as main describes them, and the requests that change them.
 * Never guesses a state: what is shown comes from `machine:list` and main's events only.
 */
import { SvelteMap } from 'svelte/reactivity';
import type {
  AppError,
  MachineId,
  MachineSpec,
  MachineView,
  OnceEnded,
} from '../../shared/index.ts';
import { asAppError, request, subscribe } from '../api/index.ts';
import { inListOrder } from './machine-filter.ts';

/** What a person can ask of one machine. */
export type MachineVerb =
  'start' | 'stop' | 'force-stop' | 'pause' | 'resume' | 'restart' | 'delete';

/** All verbs but the one that is asked about first. */
export type DirectVerb = Exclude<MachineVerb, 'delete'>;

/** Told about every change, with what was before; for notices. */
export type ChangeListener = (after: MachineView, before: MachineView | undefined) => void;

/** Told of a machine that is gone; `ended` of one that ran once, `before` as it was last seen. */
export type RemovalListener = (
  id: MachineId,
  ended: OnceEnded | null,
  before: MachineView | undefined,
) => void;

/** The machines by id, as runes. */
export class MachineStore {
  #machines: readonly MachineView[] = $state.raw([]);
  #loaded = $state(false);
  #error: AppError | null = $state.raw(null);
  readonly #pending = new SvelteMap<MachineId, MachineVerb>();
  /** Ids that events spoke of while a list was under way: the events are newer than that list. */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing is drawn from it
  readonly #fresher = new Set<MachineId>();
  readonly list: readonly MachineView[] = $derived(inListOrder(this.#machines));

  get loaded(): boolean {
    return this.#loaded;
  }

  get error(): AppError | null {
    return this.#error;
  }

  find(id: string | null): MachineView | undefined {
    return this.#machines.find((machine) => machine.id === id);
  }

  /** What was asked of this machine and not answered yet. */
  pendingOf(id: MachineId): MachineVerb | undefined {
    return this.#pending.get(id);
  }

  /** Listens to main until the returned function is called. */
  connect(onchange: ChangeListener, onremoved: RemovalListener): () => void {
    const endChanged = subscribe('machine:changed', (machine) => {
      const before = this.find(machine.id);
      this.#fresher.add(machine.id);
      this.#put(machine);
      onchange(machine, before);
    });
    const endRemoved = subscribe('machine:removed', ({ id, ended }) => {
      const before = this.find(id);
      this.#fresher.add(id);
      this.#machines = this.#machines.filter((machine) => machine.id !== id);
      onremoved(id, ended, before);
    });
    return () => {
      endChanged();
      endRemoved();
    };
  }

  async load(): Promise<void> {
    this.#error = null;
    this.#fresher.clear();
    try {
      const listed = await request('machine:list');
      const kept = listed.filter(({ id }) => !this.#fresher.has(id));
      const newer = this.#machines.filter(({ id }) => this.#fresher.has(id));
      this.#machines = [...kept, ...newer];
      this.#loaded = true;
    } catch (error) {
      this.#error = asAppError(error);
    }
  }

  /** @throws {AppError} what main found wrong with the definition. */
  async create(spec: MachineSpec): Promise<MachineView> {
    return this.#putNew(await request('machine:create', spec));
  }

  /** Another definition for a machine. @throws {AppError} what main found wrong with it. */
  async update(id: MachineId, spec: MachineSpec): Promise<void> {
    await request('machine:update', { id, spec });
  }

  /** A new machine with the same definition. @throws {AppError} what main refused. */
  async duplicate(id: MachineId): Promise<MachineView> {
    return this.#putNew(await request('machine:clone', { id }));
  }

  /** A machine from a file that the person picks; null when they pick none. @throws {AppError} */
  async import(): Promise<MachineView | null> {
    const imported = await request('machine:import');
    return imported && this.#putNew(imported);
  }

  /**
   * Asks one thing of a machine; a second wish while the first is under way is dropped, except
   * that Force stop may overtake.
   * @throws {AppError} what main refused.
   */
  async ask(id: MachineId, verb: DirectVerb): Promise<void> {
    const pending = this.#pending.get(id);
    if (pending === verb || (pending && verb !== 'force-stop')) return;
    await this.#while(id, verb, () => request(`machine:${verb}`, { id }));
  }

  /** @throws {AppError} `illegal_state` when it runs and `stopFirst` was not agreed to. */
  async delete(id: MachineId, stopFirst: boolean): Promise<void> {
    await this.#while(id, 'delete', () => request('machine:delete', { id, stopFirst }));
  }

  /** The event may come later than the answer, and the page wants to show the machine now. */
  #putNew(machine: MachineView): MachineView {
    if (!this.find(machine.id)) this.#put(machine);
    return machine;
  }

  #put(machine: MachineView): void {
    this.#machines = [...this.#machines.filter(({ id }) => id !== machine.id), machine];
  }

  async #while(id: MachineId, verb: MachineVerb, work: () => Promise<unknown>): Promise<void> {
    this.#pending.set(id, verb);
    try {
      await work();
    } finally {
      if (this.#pending.get(id) === verb) this.#pending.delete(id);
    }
  }
}
