/**
 * Saves an experiment for others: a page to read, or all of its data.
 * Must never decide what a page says; the report does.
 */
import { writeFile } from 'node:fs/promises';
import { roundNumber, type Experiment, type LabResult } from '../../shared/index.ts';
import { saving } from '../machines/index.ts';
import { labReport } from './report.ts';

/** @throws AppError `file_unreadable`, `disk_full`. */
export async function exportExperiment(
  experiment: Experiment,
  format: 'html' | 'json',
  path: string,
): Promise<void> {
  const text =
    format === 'html' ? labReport(experiment) : `${JSON.stringify(labData(experiment), null, 2)}\n`;
  await saving(path, () => writeFile(path, text, { mode: 0o600 }));
}

/** A boot of the data: either its round or its warm-up has a number, from 1 on, as window and report say it. */
type SavedResult = Omit<LabResult, 'round'> & {
  readonly round: number | null;
  readonly warmUp: number | null;
};

/** All that is known of an experiment, with its boots numbered as people see them. */
export function labData(
  experiment: Experiment,
): Omit<Experiment, 'results'> & { readonly results: SavedResult[] } {
  const results = experiment.results.map(({ round, ...result }): SavedResult => {
    const { kind, number } = roundNumber(experiment.plan, round);
    const isRound = kind === 'round';
    return { round: isRound ? number : null, warmUp: isRound ? null : number, ...result };
  });
  return { ...experiment, results };
}
