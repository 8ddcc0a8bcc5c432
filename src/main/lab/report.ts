/**
 * An experiment as one HTML file that needs nothing else: figures, sentences, every boot, every command. Pure.
 * Must never let a name or a guest's words become markup, nor hide a boot that failed or lies far out.
 */
import {
  conditionInfo,
  countsOf,
  doubtsOf,
  figuresOf,
  joinWords,
  phaseInfo,
  phaseMedians,
  phaseNames,
  roundNumber,
  sayBases,
  sayFailures,
  troubleOf,
  type Experiment,
  type LabCommand,
} from '../../shared/index.ts';
import { differences, figuresTable, plot } from './report-figures.ts';
import { escape, number, style } from './report-html.ts';

/** @returns the file's text. */
export function labReport(experiment: Experiment): string {
  const { plan, host, createdAtMs, commands, results, seed } = experiment;
  const figures = figuresOf(plan, results);
  const date = new Date(createdAtMs).toISOString().slice(0, 16).replace('T', ' ');
  const name = (variant: number): string => plan.variants[variant]?.name ?? '';
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${escape(plan.name)} – boot lab</title>
<style>${style}</style>
<h1>${escape(plan.name)}</h1>
<p class="quiet">${date} UTC · ${escape(sayBases(plan))} · ${escape(host)} · ${plan.rounds} rounds in turns, shuffled by seed ${seed}, ${warmUpsOf(plan)}${stateOf(experiment)}</p>
${warnings(experiment)}
${differences(experiment, figures, name)}
<h2>Milliseconds from spawn to ready</h2>
${figuresTable(experiment, figures, name)}
${plot(figures, name)}
<h2>Phases, the median of each in milliseconds</h2>
${phaseTable(experiment)}
<p class="quiet">They need not add up to the median of the whole boot.</p>
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

function failures(experiment: Experiment, name: (variant: number) => string): string {
  const { results } = experiment;
  const first = results.filter(
    ({ variant, failure }, index) =>
      failure !== null &&
      results.findIndex((other) => other.variant === variant && other.failure !== null) === index,
  );
  if (first.length === 0) return '';
  return `<h2>What failed</h2>${first
    .map(
      ({ variant, failure }) =>
        `<h3>${escape(name(variant))}</h3><p class="bad">${sayFailures(experiment, variant) ?? ''}.</p><p>First: ${escape(failure?.message ?? '')}</p>${lines('Its console', failure?.log)}${lines('QEMU', failure?.qemuLog)}`,
    )
    .join('')}`;
}

/** What the window says above the figures. */
function warnings(experiment: Experiment): string {
  const { plan, results } = experiment;
  const trouble = troubleOf(countsOf(plan, results));
  const said = {
    'nothing-ready': 'Nothing was ready.',
    'no-reference': 'The reference was never ready: nothing can be compared.',
  };
  const doubts = doubtsOf(experiment).map(
    ({ label, sentence }) => `<li><b>${escape(label)}</b>: ${escape(sentence)}</li>`,
  );
  return `${trouble === null ? '' : `<p class="bad">${said[trouble]}</p>`}${doubts.length === 0 ? '' : `<ul>${doubts.join('')}</ul>`}`;
}

/** An experiment that did not come to its end says so. */
function stateOf({ state, results }: Experiment): string {
  if (state === 'finished') return '';
  const made = results.length === 1 ? '1 boot' : `${results.length} boots`;
  return state === 'cancelled' ? ` · cancelled after ${made}` : ` · ${made} so far`;
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
