/**
 * Turns what happened into notices, each with a way to where it can be seen.
 * Never repeats what is on the screen already.
 */
import type {
  AppError,
  ExperimentId,
  ExperimentSummary,
  ImportProgress,
  MachineId,
  MachineView,
} from '../shared/index.ts';
import { importNotice, importNoticePrefix } from './images/index.ts';
import {
  holdOf,
  noticeKey,
  noticeOf,
  refusalOf,
  type DirectVerb,
  type MachineTab,
} from './machines/index.ts';
import type { Toast, Toasts } from './ui/index.ts';

/** What the window shows, and how it shows something else. */
export interface WindowView {
  /** The machine whose overview is on the screen. */
  overviewOf(): MachineView | null;
  imagesShown(): boolean;
  show(id: MachineId, tab: MachineTab): void;
  showImages(): void;
  labShown(): boolean;
  experimentGoing(): ExperimentSummary | null;
  showLab(id: ExperimentId): void;
}

/** The window's notices. */
export class WindowNotices {
  readonly #toasts: Toasts;
  readonly #view: WindowView;

  constructor(toasts: Toasts, view: WindowView) {
    this.#toasts = toasts;
    this.#view = view;
  }

  /** A machine is another than before. */
  changed(after: MachineView, before: MachineView | undefined): void {
    const goesOn = after.state === 'starting' || (before && holdOf(before) && !holdOf(after));
    if (goesOn) this.#toasts.dismiss(noticeKey(after.id));
    if (after.state === 'running' && before?.state === 'starting') this.#disturbed(after);
    const toast = noticeOf(after, before);
    if (toast) this.#tell(after.id, toast);
  }

  /** An experiment made its last boot; its own page says that itself. */
  experimentEnded({ id, name, trouble }: ExperimentSummary): void {
    if (this.#view.labShown()) return;
    const said = {
      'nothing-ready': 'No boot of it was ready.',
      'no-reference': 'Its reference was never ready: nothing can be compared.',
    };
    this.#toasts.show({
      ...{ key: `lab ${id}`, subject: name },
      ...{ tone: trouble ? 'bad' : 'info', title: trouble ? 'has no result' : 'is finished' },
      text: trouble ? said[trouble] : 'The boot lab has its result.',
      action: { label: 'Show', run: () => this.#view.showLab(id) },
    });
  }

  /** A machine boots beside an experiment, which measures it as well. */
  #disturbed({ spec }: MachineView): void {
    const experiment = this.#view.experimentGoing();
    if (experiment === null) return;
    const { id, name } = experiment;
    this.#toasts.show({
      ...{ key: `lab ${id}`, tone: 'warn', subject: name, title: 'is disturbed' },
      text: `“${spec.name}” takes time from its boots. Pause the experiment where its figures matter.`,
      action: { label: 'Show', run: () => this.#view.showLab(id) },
    });
  }

  /** Main refused what was asked of a machine. */
  refused(machine: MachineView, verb: DirectVerb, error: AppError): void {
    const toast = refusalOf(machine, verb, error);
    if (toast) this.#tell(machine.id, toast);
  }

  /** An import ended that no dialog shows. */
  imported(progress: ImportProgress): void {
    const toast = importNotice(progress);
    if (!toast || this.#view.imagesShown()) return;
    const action = { label: 'Show', run: () => this.#view.showImages() };
    this.#toasts.show({ ...toast, action });
  }

  /** The page of images is on the screen, which says it all. */
  imagesSeen(): void {
    this.#toasts.dismissAll(importNoticePrefix);
  }

  /** A machine was made, but its secrets could not be kept. */
  unkept({ id, spec }: MachineView, text: string): void {
    this.#toasts.show({
      ...{ key: 'secrets', tone: 'bad', subject: spec.name, title: 'has no secrets yet', text },
      action: { label: 'Show', run: () => this.#view.show(id, 'settings') },
    });
  }

  /** Shows a notice about a machine, with a way to it unless it is on the screen already. */
  #tell(id: MachineId, toast: Toast): void {
    // What outlives its machine leads nowhere.
    if (toast.key !== noticeKey(id)) return this.#toasts.show(toast);
    const shown = this.#view.overviewOf();
    const inView = shown?.id === id;
    if (inView && (shown.problem || holdOf(shown))) return;
    const action = { label: 'Show', run: () => this.#view.show(id, 'overview') };
    this.#toasts.show(inView ? toast : { ...toast, action });
  }
}
