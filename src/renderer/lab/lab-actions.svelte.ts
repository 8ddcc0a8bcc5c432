/**
 * What a person does with experiments: each deed with its question before and its notice after.
 * Never leaves a refusal unsaid.
 */
import type { ExperimentId, ExperimentSummary } from '../../shared/index.ts';
import { asAppError, request } from '../api/index.ts';
import type { Toast } from '../ui/index.ts';
import type { ExperimentChoice } from './ExperimentMenu.svelte';
import type { LabStore } from './lab-store.svelte.ts';

/** Something that is asked about first. */
export interface LabQuestion {
  readonly kind: 'cancel' | 'delete';
  readonly experiment: ExperimentSummary;
}

export interface LabListener {
  notice(toast: Toast): void;
  /** This one is to be looked at now. */
  open(id: ExperimentId): void;
  /** This one was called off. */
  ended(id: ExperimentId): void;
  removed(id: ExperimentId): void;
}

/** The deeds, and the question that waits for an answer, as runes. */
export class LabActions {
  readonly #lab: LabStore;
  readonly #listener: LabListener;
  #question: LabQuestion | null = $state.raw(null);
  #failure: string | null = $state(null);

  constructor(lab: LabStore, listener: LabListener) {
    this.#lab = lab;
    this.#listener = listener;
  }

  get question(): LabQuestion | null {
    return this.#question;
  }

  /** Why the last answer was refused. */
  get failure(): string | null {
    return this.#failure;
  }

  choose(experiment: ExperimentSummary, choice: ExperimentChoice): void {
    if (choice === 'delete') this.ask('delete', experiment);
    else if (choice === 'repeat') void this.repeat(experiment);
    else if (choice === 'copy') void this.#copy(experiment);
    else void this.#export(experiment, choice);
  }

  pause(experiment: ExperimentSummary): Promise<void> {
    return this.#try(experiment, 'was not paused', () => this.#lab.pause(experiment.id));
  }

  resume(experiment: ExperimentSummary): Promise<void> {
    return this.#try(experiment, 'does not go on', () => this.#lab.resume(experiment.id));
  }

  repeat(experiment: ExperimentSummary): Promise<void> {
    return this.#try(experiment, 'was not started again', async () => {
      const next = await this.#lab.repeat(experiment.id);
      if (next) this.#listener.open(next.id);
    });
  }

  ask(kind: LabQuestion['kind'], experiment: ExperimentSummary): void {
    this.#failure = null;
    this.#question = { kind, experiment };
  }

  dismiss(): void {
    this.#question = null;
  }

  async confirm(): Promise<void> {
    const question = this.#question;
    if (question === null) return;
    const { id } = question.experiment;
    this.#failure = null;
    try {
      if (question.kind === 'cancel') await this.#lab.cancel(id);
      else await this.#lab.remove(id);
      this.#question = null;
      if (question.kind === 'delete') this.#listener.removed(id);
      else this.#listener.ended(id);
    } catch (thrown) {
      this.#failure = asAppError(thrown).message;
    }
  }

  #copy(experiment: ExperimentSummary): Promise<void> {
    return this.#try(experiment, 'cannot be copied', async () => {
      const { plan } = await request('lab:get', { id: experiment.id });
      this.#lab.openDraft({ plan });
    });
  }

  #export(experiment: ExperimentSummary, format: 'html' | 'json'): Promise<void> {
    return this.#try(experiment, 'was not exported', async () => {
      const path = await this.#lab.export(experiment.id, format);
      if (path === null) return;
      const title = format === 'html' ? 'report saved' : 'data saved';
      const subject = experiment.name;
      this.#listener.notice({ key: 'lab-export', tone: 'info', subject, title, text: path });
    });
  }

  async #try({ name }: ExperimentSummary, title: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      const text = asAppError(thrown).message;
      this.#listener.notice({ key: 'lab', tone: 'bad', subject: name, title, text });
    }
  }
}
