import { expect, it } from 'vitest';
import { defaultSpec, experimentIdSchema, type Experiment } from '../../shared/index.ts';
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
    '&lt;script&gt;alert(1)&lt;/script&gt;: too few boots to compare',
    'emulated (TCG)',
    '2 × Some CPU',
    "qemu -append 'a b' '&lt;x&gt;'",
    'It did not come to a command.',
    'It &lt;panicked&gt;.',
    '[31mKernel panic&lt;/pre&gt;',
    '<td>1002.5<td>',
    '<td>loaded host</tr>',
    '<tr><td title="Ends with the first process’s line on the console: Nandu’s clock, within some milliseconds.">Kernel<td>1002.5<td>–</tr>',
    'by order statistics, and at least 95 % sure',
  ]) {
    expect(report).toContain(said);
  }
});
