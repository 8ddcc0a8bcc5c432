/**
 * An experiment as one HTML file that needs nothing else: figures, sentences, every boot, every command. Pure.
 * Must never let a name or a guest's words become markup, nor hide a boot that failed or lies far out.
 */
import {
  conditionInfo,
  figuresOf,
  joinWords,
  phaseInfo,
  phaseMedians,
  phaseNames,
  roundNumber,
  sayDifference,
  type Experiment,
  type LabCommand,
  type VariantFigures,
} from '../../shared/index.ts';

const plotWidth = 640;
const rowHeight = 34;

/** @returns the file's text. */
export function labReport(experiment: Experiment): string {
  const { plan, host, createdAtMs, commands, results, seed } = experiment;
  const figures = figuresOf(plan, results);
  const date = new Date(createdAtMs).toISOString().slice(0, 16).replace('T', ' ');
  const name = (variant: number): string => plan.variants[variant]?.name ?? '';
  const sentences = figures
    .filter(({ variant }) => variant > 0)
    .map(
      ({ variant, difference }) => `<li>${escape(sayDifference(name(variant), difference))}</li>`,
    );
  const accelerators = new Set(commands.flatMap((command) => command?.accelerator ?? []));
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${escape(plan.name)} – boot lab</title>
<style>${style}</style>
<h1>${escape(plan.name)}</h1>
<p class="quiet">${date} UTC · ${escape(host)} · ${plan.rounds} rounds in turns, shuffled by seed ${seed}, ${warmUpsOf(plan)}${accelerators.has('tcg') ? ' · <b>emulated (TCG)</b>: not what KVM would show' : ''}</p>
${
  sentences.length === 0
    ? ''
    : `<h2>Against “${escape(name(0))}”</h2><ul>${sentences.join('')}</ul>
<p class="quiet">Medians of the differences within a round; each interval by itself is exact, by order statistics, and at least 95 % sure.</p>`
}
<h2>Milliseconds from spawn to ready</h2>
<table><tr><th>Variant<th>Boots<th>Failed<th>Median<th>Longest<th>95th percentile<th>Far out</tr>
${figures.map((row) => tableRow(row, name(row.variant))).join('\n')}
</table>
${plot(figures, name)}
<h2>Phases, medians in milliseconds</h2>
${phaseTable(experiment)}
<h2>Commands</h2>
<p class="quiet">As they were run; the folders in them are gone, so give paths of your own to sockets and logs.${scratchNote(experiment)}</p>
${commands
  .map((command, variant) =>
    command === null
      ? `<h3>${escape(name(variant))}</h3><p>It did not come to a command.</p>`
      : `<h3>${escape(name(variant))}</h3><p class="quiet">QEMU ${escape(command.qemuVersion)}, ${command.accelerator === 'kvm' ? 'KVM' : 'emulated'}</p><pre>${escape(joinWords(command.argv))}</pre>${contents(command)}`,
  )
  .join('\n')}
${failures(experiment, name)}
<h2>Every boot</h2>
<table><tr><th>Round<th>Variant<th>Milliseconds<th></tr>
${results
  .map(({ round, variant, boot, failure }) => {
    const { kind, number: at } = roundNumber(plan, round);
    const note = [
      kind === 'warm-up' ? 'does not count' : '',
      failure === null ? '' : failure.message,
      ...(boot?.conditions ?? []).map((condition) => conditionInfo[condition].label.toLowerCase()),
    ];
    const ms = failure === null && boot !== null ? boot.totalMs.toFixed(1) : '–';
    return `<tr><td>${kind === 'round' ? at : `Warm-up ${at}`}<td>${escape(name(variant))}<td>${ms}<td>${escape(note.filter(Boolean).join(', '))}</tr>`;
  })
  .join('\n')}
</table>
</html>
`;
}

function tableRow(
  { times, failures, medianMs, longestMs, p95Ms }: VariantFigures,
  name: string,
): string {
  const outliers = times.filter(({ outlier }) => outlier).length;
  return `<tr><td>${escape(name)}<td>${times.length}<td>${failures}<td>${number(medianMs)}<td>${number(longestMs)}<td>${number(p95Ms)}<td>${outliers}</tr>`;
}

/** A dot for each boot, a stroke for the median; what lies far out is a ring. */
function plot(figures: readonly VariantFigures[], name: (variant: number) => string): string {
  const all = figures.flatMap(({ times }) => times.map(({ ms }) => ms));
  if (all.length === 0) return '<p>No boot was ready.</p>';
  const most = Math.max(...all) * 1.05;
  const x = (ms: number): string => ((ms / most) * plotWidth).toFixed(1);
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
  const height = figures.length * rowHeight + 12;
  return `<svg viewBox="-6 0 ${plotWidth + 12} ${height}" role="img" aria-label="Boots of each variant">${rows.join('')}</svg>`;
}

function phaseTable(experiment: Experiment): string {
  const { plan } = experiment;
  const medians = plan.variants.map((_, variant) => phaseMedians(experiment, variant));
  const rows = phaseNames.map((phase) => ({
    phase,
    cells: medians.map((own) => own.find(({ name }) => name === phase)?.ms ?? null),
  }));
  const head = plan.variants.map(({ name }) => `<th>${escape(name)}`).join('');
  const body = rows
    .filter(({ cells }) => cells.some((cell) => cell !== null))
    .map(
      ({ phase, cells }) =>
        `<tr><td title="${escape(phaseInfo[phase].source)}">${phaseInfo[phase].title}${cells.map((cell) => `<td>${number(cell)}`).join('')}</tr>`,
    );
  return `<table><tr><th>Phase${head}</tr>${body.join('\n')}</table>`;
}

function failures({ results }: Experiment, name: (variant: number) => string): string {
  const first = results.filter(
    ({ variant, failure }, index) =>
      failure !== null &&
      results.findIndex((other) => other.variant === variant && other.failure !== null) === index,
  );
  if (first.length === 0) return '';
  return `<h2>What failed</h2>${first
    .map(
      ({ variant, failure }) =>
        `<h3>${escape(name(variant))}</h3><p>${escape(failure?.message ?? '')}</p>${lines('Its console', failure?.log)}${lines('QEMU', failure?.qemuLog)}`,
    )
    .join('')}`;
}

function warmUpsOf({ warmUps }: Experiment['plan']): string {
  if (warmUps === 0) return 'without a warm-up';
  return warmUps === 1 ? 'after 1 warm-up' : `after ${warmUps} warm-ups`;
}

function scratchNote({ plan }: Experiment): string {
  const writable = plan.variants.some(({ spec }) => spec.disks.some(({ readOnly }) => !readOnly));
  return writable
    ? ' A disk0.qcow2, disk1.qcow2 … was an empty qcow2 over the machine’s image.'
    : '';
}

/** What was booted, by content; an older Nandu did not write that down. */
function contents({ kernel, initrd, container }: LabCommand): string {
  const files = [
    ...(kernel ? [['Kernel', kernel] as const] : []),
    ...(initrd ? [['Initrd', initrd] as const] : []),
  ].map(
    ([what, { path, sha256 }]) =>
      `<li>${what} ${escape(path)}: sha256 <code>${escape(sha256)}</code></li>`,
  );
  const image =
    container === undefined
      ? ''
      : `<li>Container ${escape(container.image)} (<code>${escape(container.digest)}</code>), which ran <code>${escape(joinWords(container.words))}</code></li>`;
  return files.length === 0 && image === '' ? '' : `<ul>${files.join('')}${image}</ul>`;
}

function lines(speaker: string, said: readonly string[] = []): string {
  if (said.length === 0) return '';
  return `<p class="quiet">${speaker} said last:</p><pre>${escape(said.join('\n'))}</pre>`;
}

function number(ms: number | null): string {
  return ms === null ? '–' : ms.toFixed(1);
}

/** Control characters of a guest's console have no place in a page either. */
function escape(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex -- those are what is taken out
      .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
  );
}

const style = `
:root { color-scheme: light dark; font: 14px/1.5 system-ui, sans-serif; }
body { max-width: 880px; margin: 40px auto; padding: 0 20px; }
h1 { font-size: 24px; margin-bottom: 4px; } h2 { font-size: 16px; margin-top: 32px; } h3 { font-size: 14px; }
.quiet { opacity: .65; } table { border-collapse: collapse; } ul { padding-left: 18px; }
th, td { padding: 3px 18px 3px 0; text-align: right; font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; } tr + tr td { border-top: 1px solid #8883; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: 10px 12px; border-radius: 6px; background: #8881; font-size: 12px; }
svg { width: 100%; margin-top: 16px; } svg text { font-size: 11px; fill: currentColor; opacity: .7; }
.dot { fill: #17957a; fill-opacity: .55; } .ring { fill: none; stroke: #e0604a; stroke-width: 1.5; }
.median { stroke: currentColor; stroke-width: 2; }
`;
