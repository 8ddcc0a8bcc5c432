/**
 * Owns what can be asked of runs that were: notes, baselines, comparisons, exports.
 * Must never start, stop or change a machine; whoever shows one is told when words about its runs changed.
 */
import { writeFile } from 'node:fs/promises';
import {
  AppError,
  type BootExportFormat,
  type HostStatus,
  type MachineId,
  type Run,
  type RunChanges,
  type RunId,
} from '../../shared/index.ts';
import { exportBoot } from '../boot/index.ts';
import type { RunRepository } from '../store/index.ts';
import { runChanges, type DefinedRun } from './run-changes.ts';
import { saving } from './run-keeper.ts';

/** What the history is built from. */
export interface RunHistoryOptions {
  readonly runs: RunRepository;
  /** The machine's name; null when it cannot be told. */
  readonly nameOf: (id: MachineId) => string | null;
  readonly hostStatus: () => Promise<Pick<HostStatus, 'defaultKernel' | 'fastKernel'>>;
  /** Words about a run changed; they are stored already. */
  readonly onNoted: (run: Run) => void;
}

/** The runs of all machines, as they are looked back at. */
export class RunHistory {
  readonly #options: RunHistoryOptions;

  constructor(options: RunHistoryOptions) {
    this.#options = options;
  }

  /** The newest runs of all machines, newest first. */
  recent(limit: number): Run[] {
    return this.#options.runs.recent(limit);
  }

  /** @throws AppError `not_found`. */
  annotate(runId: RunId, note: string): Run {
    const run = this.#options.runs.annotate(runId, note);
    this.#options.onNoted(run);
    return run;
  }

  /** @throws AppError `not_found`. */
  setBaseline(runId: RunId, baseline: boolean): Run {
    const run = this.#options.runs.setBaseline(runId, baseline);
    this.#options.onNoted(run);
    return run;
  }

  /** What changed from one run to another. @throws AppError `not_found`. */
  async changes(beforeId: RunId, afterId: RunId): Promise<RunChanges> {
    const { runs, hostStatus } = this.#options;
    const defined = (id: RunId): DefinedRun => ({
      run: runs.get(id),
      spec: runs.specOf(id),
      files: runs.bootFilesOf(id),
    });
    const [before, after] = [defined(beforeId), defined(afterId)];
    const { defaultKernel, fastKernel } = await hostStatus();
    const kernels = [defaultKernel, fastKernel].filter((kernel) => kernel !== null);
    return runChanges(before, after, kernels);
  }

  /** A name for the file that a run's timeline is saved as. @throws AppError `not_found`. */
  exportName(runId: RunId, format: BootExportFormat): string {
    const { machineId, number } = this.#options.runs.get(runId);
    const ending = { json: 'json', csv: 'csv', 'chrome-trace': 'trace.json' }[format];
    return `${this.#nameOf(machineId)} boot ${number}.${ending}`;
  }

  /** @throws AppError `not_found`, `illegal_state` for a run without a timeline, `disk_full`, `file_unreadable`. */
  async exportTo(runId: RunId, format: BootExportFormat, path: string): Promise<void> {
    const run = this.#options.runs.get(runId);
    const { boot } = run;
    if (boot === null) throw new AppError('illegal_state', 'This run has no timeline to save.');
    const text = exportBoot({ run: { ...run, boot }, name: this.#nameOf(run.machineId) }, format);
    await saving(path, () => writeFile(path, text, { mode: 0o600 }));
  }

  #nameOf(id: MachineId): string {
    return this.#options.nameOf(id) ?? 'machine';
  }
}
