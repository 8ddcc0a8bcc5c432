/**
 * What the "New machine" dialog knows and does: its form, what is wrong with it, and the way from an image that
 * may have to be fetched to a machine. Never touches the page: whoever shows it moves the focus.
 */
import {
  withChanges,
  type Finding,
  type MachineSpec,
  type MachineView,
} from '../../shared/index.ts';
import { asAppError, request } from '../api/index.ts';
import type { ImageStore } from '../images/index.ts';
import {
  fieldAt,
  fieldNames,
  formOf,
  initialForm,
  isContainerField,
  placeError,
  proposalFor,
  readForm,
  withProposal,
  type FieldErrors,
  type MachineForm,
  type Proposal,
} from './machine-form.ts';
import type { MachineStore } from './machine-store.svelte.ts';
import { NewContainer, pendingImage } from './new-container.svelte.ts';

/** What was made, or where the person has to look: at an input by name, or at paths of the container's part. */
export type Outcome =
  | { kind: 'made'; machine: MachineView; start: boolean; unkept: string | null }
  | { kind: 'look'; input: string }
  | { kind: 'reveal'; paths: readonly string[] }
  | { kind: 'nothing' };

const nothing: Outcome = { kind: 'nothing' };

/** The dialog's state, as runes. */
export class NewMachine {
  readonly #machines: MachineStore;
  readonly container: NewContainer;
  #proposal: Proposal;
  form: MachineForm = $state({} as MachineForm);
  /** What was wrong when Create was last pressed. */
  #refused: FieldErrors = $state.raw({});
  #imageRefused: string | undefined = $state();
  #findings: readonly Finding[] = $state.raw([]);
  #failure: string | null = $state(null);
  #working: 'create' | 'run' | null = $state(null);
  /** What was asked for last, to be tried again. */
  #wanted: 'create' | 'run' = 'run';
  #left = false;
  #background = false;

  constructor(machines: MachineStore, images: ImageStore, image: string) {
    this.#machines = machines;
    this.container = new NewContainer(images, image);
    this.#proposal = proposalFor(image, machines.list);
    const none = proposalFor('', machines.list);
    this.form = withProposal(initialForm(none.name), none, this.#proposal);
  }

  readonly #read = $derived.by(() => readForm(this.form));

  /** Only what keeps it from starting: all else can wait until the machine's settings are looked at. */
  readonly #blocking: readonly Finding[] = $derived.by(() =>
    this.#findings.filter(
      ({ level, field }) =>
        level === 'error' && !(this.container.wanted && isContainerField(field)),
    ),
  );
  readonly #atFields: readonly Finding[] = $derived.by(() =>
    this.#blocking.filter(({ field, mend }) => !mend && fieldAt(field)),
  );

  /** Messages by field of the machine's part. */
  readonly errors: FieldErrors = $derived.by(() => ({
    ...Object.fromEntries(this.#atFields.map(({ field, message }) => [fieldAt(field), message])),
    ...this.#refused,
  }));

  /** What keeps it from starting and stands at no field. */
  readonly elsewhere: readonly Finding[] = $derived.by(() =>
    this.#blocking.filter((finding) => !this.#atFields.includes(finding)),
  );

  /** What is wrong with the image. */
  readonly imageError: string | undefined = $derived.by(() => {
    const { wish } = this.container;
    if (this.#imageRefused !== undefined) return this.#imageRefused;
    return wish.needsLogin || wish.needsPlainHttp ? undefined : wish.error?.message;
  });

  /** What main is to check; with a stand-in for an image that is not here yet. */
  readonly definition: MachineSpec | null = $derived.by(() => {
    if (!this.#read.ok) return null;
    const { spec } = this.#read;
    if (!this.container.wanted) return spec;
    return this.container.specWith(spec, this.container.view ?? pendingImage);
  });

  get failure(): string | null {
    return this.#failure;
  }

  get working(): 'create' | 'run' | null {
    return this.#working;
  }

  /** What main said about the definition. */
  set findings(found: readonly Finding[]) {
    // That the stand-in is not here is no news.
    const findings = found.filter(({ code }) => this.container.view || code !== 'image_missing');
    this.#findings = findings;
    // Values of secrets are kept only once there is a machine.
    this.container.draft.findings = findings.filter(
      ({ field }) => isContainerField(field) && !field.startsWith('container.secrets'),
    );
  }

  setImage(next: string): void {
    const before = this.#proposal;
    this.#proposal = proposalFor(next, this.#machines.list);
    this.form = withProposal(this.form, before, this.#proposal);
    this.container.image = next;
    this.#imageRefused = undefined;
  }

  /** Why no archive could be chosen; undefined once one could. */
  refuseImage(message: string | undefined): void {
    this.#imageRefused = message;
  }

  /** Takes a finding's mend over. */
  mend(changes: Record<string, unknown>): void {
    if (!this.#read.ok) return;
    const { presetChosen } = this.form;
    this.form = { ...formOf(withChanges(this.#read.spec, changes)), presetChosen };
  }

  /** Whether the dialog is closed, but all that was asked for goes on. */
  get background(): boolean {
    return this.#background;
  }

  continueInBackground(): void {
    this.#background = true;
  }

  /** Whoever closed the dialog otherwise wants the image that is under way, but no machine any more. */
  leave(): void {
    this.#left = !this.#background;
    this.container.wish.leave();
  }

  /** Why no machine was made, where nobody sees its fields any more; null where the import's own notice says it. */
  get lastRefusal(): string | null {
    return this.#failure ?? this.#imageRefused ?? Object.values(this.#refused)[0] ?? null;
  }

  /** The same once more, after a login or a permission. */
  again(): Promise<Outcome> {
    return this.make(this.#wanted);
  }

  async make(wanted: 'create' | 'run'): Promise<Outcome> {
    if (this.#working) return nothing;
    const { container } = this;
    this.#wanted = wanted;
    this.#failure = null;
    this.#imageRefused = undefined;
    if (!this.#read.ok) return this.#refuse(this.#read.errors);
    if (container.wanted && !container.draft.spec) {
      container.draft.tried = true;
      return { kind: 'reveal', paths: Object.keys(container.draft.errors) };
    }
    this.#refused = {};
    this.#working = wanted;
    try {
      return await this.#create(this.#read.spec, wanted === 'run');
    } catch (thrown) {
      return this.#place(thrown);
    } finally {
      this.#working = null;
    }
  }

  async #create(spec: MachineSpec, start: boolean): Promise<Outcome> {
    let whole: MachineSpec | null = spec;
    if (this.container.wanted) {
      const view = await this.container.fetch();
      if (this.#left) return nothing;
      // Where a login is asked for, its first field has taken the focus.
      if (!view) return this.container.wish.needsLogin ? nothing : { kind: 'look', input: 'image' };
      whole = this.container.specWith(spec, view);
    }
    if (!whole) return nothing;
    const machine = await this.#machines.create(whole);
    const unkept = await this.#keepSecrets(machine);
    return { kind: 'made', machine, start: start && unkept === null, unkept };
  }

  /** Resolves with why the values were not kept; null when they were, or there are none. */
  async #keepSecrets({ id }: MachineView): Promise<string | null> {
    const values = this.container.wanted ? this.container.secretValues() : {};
    if (Object.keys(values).length === 0) return null;
    try {
      await request('secret:set', { id, values });
      return null;
    } catch (thrown) {
      return asAppError(thrown).message;
    }
  }

  #refuse(errors: FieldErrors): Outcome {
    this.#refused = errors;
    const first = fieldNames.find((name) => errors[name]);
    return first ? { kind: 'look', input: first } : nothing;
  }

  /** Puts a refusal where it belongs. */
  #place(thrown: unknown): Outcome {
    const error = asAppError(thrown);
    const { field, message } = placeError(error);
    const path = typeof error.details.field === 'string' ? error.details.field : '';
    if (field) return this.#refuse({ [field]: message });
    if (['image', 'container.image', 'container.digest'].includes(path)) {
      this.#imageRefused = message;
      return { kind: 'look', input: 'image' };
    }
    if (this.container.wanted && isContainerField(path)) {
      this.container.draft.refuse(error);
      return { kind: 'reveal', paths: [path] };
    }
    this.#failure = message;
    return nothing;
  }
}
