import { expect, it } from 'vitest';
import { defaultSpec, experimentIdSchema, type Experiment } from '../../shared/index.ts';
import { labData } from './export.ts';
import { labReport } from './report.ts';

const boot = (totalMs: number): Experiment['results'][number]['boot'] => ({
  phases: [{ name: 'kernel', startMs: 0, durationMs: totalMs }],
  ...{ totalMs, reached: 'ready', details: [], conditions: ['loaded'], kernelClockMs: null },
});
const experiment: Experiment = {
  id: experimentIdSchema.parse('6f9619ff-8b86-4d01-b42d-00cf4fc964ff'),
  createdAtMs: Date.UTC(2026, 0, 2, 3, 4),
  state: 'finished',
  reason: null,
  plan: {
    name: '<b>Kernels</b>',
    variants: ['a & "b"', '<script>alert(1)</script>'].map((name) => ({
      ...{ name, board: 'microvm', spec: { ...defaultSpec, name: 'x' } },
    })),
    ...{ rounds: 6, warmUps: 0 },
  },
  ...{ seed: 4, host: '2 × Some CPU' },
  commands: [
    { argv: ['qemu', '-append', 'a b', '<x>'], accelerator: 'tcg', qemuVersion: '7.2' },
    null,
  ],
  results: [0, 1, 2, 3, 4, 5].flatMap((round) => [
    { ...{ round, variant: 0, startedAtMs: 1, failure: null }, boot: boot(1000 + round) },
    {
      ...{ round, variant: 1, startedAtMs: 1, boot: null },
      failure: { message: 'It <panicked>.', log: ['\u001b[31mKernel panic</pre>'] },
    },
  ]),
};

it('is one page without markup of others, and hides no failure', () => {
  const report = labReport(experiment);
  expect(report).not.toMatch(/<script|<b>Kernels|<panicked>|panic<\/pre><\/pre>/);
  expect(report).not.toContain('\u001b');
  expect(report).not.toMatch(/https?:|src=|@import|url\(/);
  for (const said of [
    '&lt;script&gt;alert(1)&lt;/script&gt;: never ready, so there is nothing to compare',
    '<b>Emulated (TCG)</b>',
    '<b>6 boots: loaded host</b>',
    '2 × Some CPU',
    "qemu -append 'a b' '&lt;x&gt;'",
    'It did not come to a command.',
    'It &lt;panicked&gt;.',
    '[31mKernel panic&lt;/pre&gt;',
    '<td>6<td>–<td>1002.5<td>1005.0<td>–<td>0</tr>',
    '<td>loaded host</tr>',
    '<tr><td title="Ends with the first process’s line on the console: Nandu’s clock, within some milliseconds.">Kernel<td>1002.5<td>–</tr>',
    'by order statistics, and at least 95 % sure',
  ]) {
    expect(report).toContain(said);
  }
});

it('names what was booted by content, and what QEMU said of a boot that failed', () => {
  const [first] = experiment.commands;
  const sha256 = 'ab'.repeat(32);
  const report = labReport({
    ...experiment,
    commands: [
      {
        ...(first ?? expect.unreachable()),
        kernel: { path: '/boot/<vmlinux>', sha256 },
        initrd: null,
        container: { image: 'web & co', digest: 'sha256:1', words: ['sh', '-c', 'a b'] },
      },
      null,
    ],
    results: experiment.results.map((result) => ({
      ...result,
      failure: result.failure && { ...result.failure, qemuLog: ['qemu: <no> disk'] },
    })),
  });
  for (const said of [
    `Kernel /boot/&lt;vmlinux&gt;: sha256 <code>${sha256}</code>`,
    "Container web &amp; co (<code>sha256:1</code>), which ran <code>sh -c 'a b'</code>",
    'qemu: &lt;no&gt; disk',
  ]) {
    expect(report).toContain(said);
  }
  expect(report).not.toContain('Initrd');
});

it('numbers the rounds as the window does: warm-ups by themselves, those that count from 1 on', () => {
  const plan = { ...experiment.plan, rounds: 5, warmUps: 1 };
  const report = labReport({ ...experiment, plan });
  expect(report).toContain('5 rounds in turns, shuffled by seed 4, after 1 warm-up</p>');
  const rounds = [...report.matchAll(/<tr><td>(Warm-up \d|\d)<td>a &amp;/g)].map(([, at]) => at);
  expect(rounds).toEqual(['Warm-up 1', '1', '2', '3', '4', '5']);
  const { results } = labData({ ...experiment, plan });
  expect(
    results.filter(({ variant }) => variant === 0).map(({ round, warmUp }) => [warmUp, round]),
  ).toEqual([[1, null], ...[1, 2, 3, 4, 5].map((at) => [null, at])]);
});

/** The same with a second variant that boots. */
function compared(rounds: number): Experiment {
  const results = Array.from({ length: rounds }, (_, round) =>
    [0, 1].map((variant) => ({
      ...{ round, variant, startedAtMs: 1, failure: null },
      boot: boot(variant === 0 ? 3000 + round : 1000),
    })),
  ).flat();
  return { ...experiment, results };
}

it('has a table of the differences with their intervals and shares, and what the variants were made from', () => {
  const report = labReport(compared(7));
  expect(report).toContain('<td>−2003.0<td>−67 %<td>−2006.0 to −2000.0<td>7</tr>');
  expect(report).toContain(' UTC · made from “x” · ');
  expect(report).toContain('it need not be the difference of the two medians');
  expect(labReport(compared(5))).toContain('<td class="words" colspan="4">too few</tr>');
});

it('draws every boot over an axis with ticks and their unit', () => {
  const report = labReport(compared(7));
  expect(report.match(/<circle/g)).toHaveLength(14);
  const ticks = [...report.matchAll(/class="tick">([^<]*)</g)].map(([, text]) => text);
  expect(ticks).toEqual(['1 s', '1.5 s', '2 s', '2.5 s', '3 s']);
});

it('says of what was given up that it was, and never that it was too few', () => {
  const report = labReport(experiment);
  expect(report).toContain('<td class="words" colspan="4">never ready</tr>');
  expect(report).toContain('Given up after 6 failures');
  expect(report).not.toContain('too few');
  const [first, second] = experiment.plan.variants;
  const swapped = experiment.results.map((one) => ({ ...one, variant: 1 - one.variant }));
  const plan = {
    ...experiment.plan,
    variants: [second ?? expect.unreachable(), first ?? expect.unreachable()],
  };
  const lost = labReport({ ...experiment, plan, results: swapped, state: 'cancelled' });
  expect(lost).toContain('The reference was never ready: nothing can be compared.');
  expect(lost).toContain('nothing to compare with, as the reference was never ready');
  expect(lost).toContain(' · cancelled after 12 boots<');
});
