/**
 * Saves an experiment for others: a page to read, or all of its data.
 * Must never decide what a page says; the report does.
 */
import { writeFile } from 'node:fs/promises';
import type { Experiment } from '../../shared/index.ts';
import { saving } from '../machines/index.ts';
import { labReport } from './report.ts';

/** @throws AppError `file_unreadable`, `disk_full`. */
export async function exportExperiment(
  experiment: Experiment,
  format: 'html' | 'json',
  path: string,
): Promise<void> {
  const text =
    format === 'html' ? labReport(experiment) : `${JSON.stringify(experiment, null, 2)}\n`;
  await saving(path, () => writeFile(path, text, { mode: 0o600 }));
}
