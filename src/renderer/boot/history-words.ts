/**
 * What the history says in words: of which boots its figures are, and which of those that are shown are none of them.
 * Pure. Must never give a count that is not that of the boots behind the figures.
 */
import { hasBootTime } from '../../shared/index.ts';
import { formatCount, formatDuration, formatNumber } from '../format/index.ts';
import type { BootSummary, MeasuredRun, RunLevel } from './statistics.ts';

/** Of fewer boots the 95th percentile is nothing but a value between the two longest. */
const fewestForPercentile = 20;

/** The line beside the title. @param runs all that are shown */
export function historyCaption(
  runs: readonly MeasuredRun[],
  summary: BootSummary | null,
  level: RunLevel | null,
): string {
  const all = formatCount(runs.length, 'run');
  if (!summary || summary.count < 2) return all;
  const { count, medianMs, p95Ms, longestMs } = summary;
  const enough = count >= fewestForPercentile;
  return [
    count === runs.length ? all : `${formatNumber(count)} of ${all}`,
    `median ${formatDuration(medianMs)}`,
    enough ? `p95 ${formatDuration(p95Ms)}` : `longest ${formatDuration(longestMs)}`,
    ...(level?.from == null ? [] : [`since run ${level.from}`]),
    ...(level?.to == null ? [] : [`until run ${level.to - 1}`]),
  ].join(' · ');
}

/** Why the figures are not of all that are shown; empty where they are, or where there are no figures. */
export function uncountedText(
  runs: readonly MeasuredRun[],
  counted: readonly MeasuredRun[],
  level: RunLevel | null,
): string {
  if (counted.length < 2 || counted.length === runs.length) return '';
  const inLevel = new Set(level?.runs);
  const within = new Set(counted);
  const never = runs.filter((run) => !hasBootTime(run)).length;
  const disturbed = runs.filter((run) => inLevel.has(run) && !within.has(run)).length;
  const kinds = runs.length - counted.length - never - disturbed;
  const others = [
    never > 0 ? `${formatNumber(never)} never ready` : '',
    disturbed > 0 ? `${formatNumber(disturbed)} disturbed` : '',
    kinds > 0 ? `${formatNumber(kinds)} of another kind or level` : '',
  ].filter(Boolean);
  return `The figures are of ${formatNumber(counted.length)} of ${formatCount(runs.length, 'run')}. Not counted: ${others.join(', ')}.`;
}
