/**
 * What the tab "Boot" shows: the chosen run, what it is held against, and what happens to runs' notes.
 * Never measures anything; all figures come from runs that main has stored.
 */
import { untrack } from 'svelte';
import {
  hasBootTime,
  type BootExportFormat,
  type MachineView,
  type Run,
} from '../../shared/index.ts';
import { asAppError, request } from '../api/index.ts';
import type { Toast } from '../ui/index.ts';
import { bootsByMachine } from './all-machines.ts';
import { mostRuns, RunHistory } from './run-history.svelte.ts';
import { againstBaseline, findShifts, levelAround } from './shifts.ts';
import {
  isMeasured,
  summarize,
  undisturbed,
  type MeasuredRun,
  type RunLevel,
} from './statistics.ts';

/** Over all machines; enough for the last weeks, answered at once. */
const mostRecent = 1_000;

/** The page's state as runes. */
export class BootPage {
  readonly #machine: () => MachineView;
  readonly #chosenId: () => string | null;
  readonly #onnotice: (notice: Toast) => void;
  readonly history: RunHistory;
  #recent: readonly Run[] = $state.raw([]);
  #compared: MeasuredRun | null = $state.raw(null);
  #exporting = $state(false);
  #lastMeasured: readonly MeasuredRun[] = [];

  constructor(
    machine: () => MachineView,
    chosenId: () => string | null,
    onnotice: (notice: Toast) => void,
  ) {
    this.#machine = machine;
    this.#chosenId = chosenId;
    this.#onnotice = onnotice;
    this.history = new RunHistory(machine().id, () => machine().run, mostRuns);
  }

  /** Newest first. */
  readonly booted: readonly Run[] = $derived.by(() =>
    this.history.runs.filter((run) => run.boot !== null),
  );
  readonly run: Run | null = $derived.by(
    () => this.booted.find(({ id }) => id === this.#chosenId()) ?? this.booted[0] ?? null,
  );
  /** Oldest first. */
  readonly measured: readonly MeasuredRun[] = $derived.by(() => {
    const next = this.history.runs.filter(isMeasured).reverse();
    // Every mark of a boot makes a new list: without a new run in it nothing is computed or drawn anew.
    const same =
      next.length === this.#lastMeasured.length &&
      next.every((run, index) => run === this.#lastMeasured[index]);
    if (!same) this.#lastMeasured = next;
    return this.#lastMeasured;
  });
  readonly chosen: MeasuredRun | null = $derived.by(() =>
    this.run && isMeasured(this.run) ? this.run : null,
  );
  readonly baseline: MeasuredRun | null = $derived.by(
    () => this.measured.find(({ baseline }) => baseline) ?? null,
  );
  readonly shifts = $derived.by(() => findShifts(this.measured));
  readonly level: RunLevel | null = $derived.by(() => {
    // One that was never ready is of no level: then the newest is shown that others have.
    const reference =
      this.chosen && hasBootTime(this.chosen) ? this.chosen : this.measured.findLast(hasBootTime);
    return reference ? levelAround(this.measured, this.shifts, reference) : null;
  });
  /** The runs that the summary is of. */
  readonly counted = $derived.by(() => undisturbed(this.level?.runs ?? []));
  readonly summary = $derived.by(() => summarize(this.counted));
  readonly verdict = $derived.by(() =>
    this.baseline ? againstBaseline(this.measured, this.baseline) : null,
  );
  readonly machines = $derived.by(() => bootsByMachine(this.#recent));

  /** The run that the chosen one is compared with, in its newest form. */
  readonly compared: MeasuredRun | null = $derived.by(() => {
    const wanted = this.#compared;
    if (!wanted || !this.chosen || wanted.id === this.chosen.id) return null;
    return this.measured.find(({ id }) => id === wanted.id) ?? wanted;
  });

  get exporting(): boolean {
    return this.#exporting;
  }

  /** For an effect: loads now, and again whenever a run begins or ends. */
  follow(): void {
    this.history.follow();
    void this.#machine().run?.boot?.reached;
    untrack(() => void this.#loadRecent());
  }

  compareWith(run: MeasuredRun | null): void {
    this.#compared = run;
  }

  async annotate(run: Run, note: string): Promise<void> {
    await this.#change('Note not kept', () => request('run:annotate', { runId: run.id, note }));
  }

  async setBaseline(run: Run, baseline: boolean): Promise<void> {
    const runId = run.id;
    await this.#change('Baseline not changed', () =>
      request('run:set-baseline', { runId, baseline }),
    );
  }

  async export(run: Run, format: BootExportFormat): Promise<void> {
    if (this.#exporting) return;
    this.#exporting = true;
    const key = 'boot-exported';
    try {
      const path = await request('run:export', { runId: run.id, format });
      if (path !== null) {
        this.#onnotice({ key, tone: 'info', title: 'Boot timeline saved', text: path });
      }
    } catch (thrown) {
      const text = asAppError(thrown).message;
      this.#onnotice({ key, tone: 'bad', title: 'Boot timeline not saved', text });
    } finally {
      this.#exporting = false;
    }
  }

  async #change(failed: string, work: () => Promise<Run>): Promise<void> {
    try {
      this.history.put(await work());
    } catch (thrown) {
      const text = asAppError(thrown).message;
      this.#onnotice({ key: 'run-noted', tone: 'bad', title: failed, text });
    }
  }

  async #loadRecent(): Promise<void> {
    // Without it there is no list of all machines; the tab's own figures do not need it.
    this.#recent = await request('run:recent', { limit: mostRecent }).catch(() => this.#recent);
  }
}
