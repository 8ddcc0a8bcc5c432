/**
 * A report’s figures: what each variant took, by how much it differs from the reference, and a drawing of every boot.
 * Must never hide a boot that failed or lies far out, nor give a reason for a missing figure that the window does not.
 */
import {
  axisOf,
  fewestForP95,
  gapOf,
  sayDifference,
  sayFailures,
  signedShare,
  tickText,
  xOf,
  type Experiment,
  type LabGap,
  type VariantFigures,
} from '../../shared/index.ts';
import { escape, number, signedNumber } from './report-html.ts';

const plotWidth = 640;
const rowHeight = 34;
const ticks = 8;

type Name = (variant: number) => string;

/** Sentences and a table; empty for an experiment of one variant. */
export function differences(
  { results }: Pick<Experiment, 'results'>,
  figures: readonly VariantFigures[],
  name: Name,
): string {
  const [reference, ...others] = figures;
  if (reference === undefined || others.length === 0) return '';
  const rows = others.map((row) => ({ ...row, gap: gapOf(row.variant, results) }));
  const sentences = rows.map(
    ({ variant, difference, gap }) =>
      `<li>${escape(sayDifference(name(variant), difference, gap))}</li>`,
  );
  return `<h2>Against “${escape(name(0))}”</h2><ul>${sentences.join('')}</ul>
<table><tr><th>Variant<th>Difference, ms<th>Of the reference’s median<th>95 % sure within, ms<th>Rounds with both</tr>
${rows.map((row) => differenceRow(row, reference.medianMs, name(row.variant))).join('\n')}
</table>
<p class="quiet">A difference is the median of the differences within rounds: it need not be the difference of the two medians. Each interval by itself is exact, by order statistics, and at least 95 % sure.</p>`;
}

function differenceRow(
  { difference, gap }: VariantFigures & { readonly gap: LabGap },
  referenceMs: number | null,
  name: string,
): string {
  if (difference === null)
    return `<tr><td>${escape(name)}<td class="words" colspan="4">${gap}</tr>`;
  const { medianMs, lowMs, highMs, pairs } = difference;
  const share = referenceMs === null ? '–' : signedShare(medianMs, referenceMs);
  return `<tr><td>${escape(name)}<td>${signedNumber(medianMs)}<td>${share}<td>${signedNumber(lowMs)} to ${signedNumber(highMs)}<td>${pairs}</tr>`;
}

/** Each variant’s boots that count. */
export function figuresTable(
  experiment: Experiment,
  figures: readonly VariantFigures[],
  name: Name,
): string {
  const rows = figures.map(({ variant, times, medianMs, longestMs, p95Ms }) => {
    const outliers = times.filter(({ outlier }) => outlier).length;
    const failed = sayFailures(experiment, variant) ?? '–';
    return `<tr><td>${escape(name(variant))}<td>${times.length}<td>${failed}<td>${number(medianMs)}<td>${number(longestMs)}<td>${number(p95Ms)}<td>${outliers}</tr>`;
  });
  return `<table><tr><th>Variant<th>Boots<th>Failed<th>Median<th>Longest<th>95th percentile<th>Far out</tr>
${rows.join('\n')}
</table>
<p class="quiet">A 95th percentile takes ${fewestForP95} boots.</p>`;
}

/** A dot for each boot, a stroke for the median; what lies far out is a ring. */
export function plot(figures: readonly VariantFigures[], name: Name): string {
  const axis = axisOf(figures, ticks);
  if (axis === null) return '<p>No boot that counts was ready.</p>';
  const x = (ms: number): string => xOf(axis, ms, plotWidth).toFixed(1);
  const bottom = figures.length * rowHeight + 8;
  const grid = axis.ticks.map(
    (tick) =>
      `<path d="M${x(tick)} 0V${bottom}" class="grid"/><text x="${x(tick)}" y="${bottom + 14}" class="tick">${tickText(axis, tick)}</text>`,
  );
  const rows = figures.map(({ variant, times, medianMs }, index) => {
    const y = index * rowHeight + 24;
    const dots = times.map(
      ({ ms, outlier }) =>
        `<circle cx="${x(ms)}" cy="${y}" r="4" class="${outlier ? 'ring' : 'dot'}"/>`,
    );
    const middle =
      medianMs === null ? '' : `<path d="M${x(medianMs)} ${y - 9}v18" class="median"/>`;
    return `<text x="0" y="${y - 11}">${escape(name(variant))}</text>${dots.join('')}${middle}`;
  });
  return `<svg viewBox="-16 0 ${plotWidth + 32} ${bottom + 20}" role="img" aria-label="Boots of each variant, from spawn to ready">${grid.join('')}${rows.join('')}</svg>
<p class="quiet">A dot is a boot, from spawn to ready; a stroke is the median; a ring lies far out, and counts as any other.</p>`;
}
