import { expect, it } from 'vitest';
import type { LabPlan, LabResult } from './lab.ts';
import { sayBases, sayFailures, signedShare } from './lab-words.ts';
import { defaultSpec } from './presets.ts';

const planOf = (...names: string[]): LabPlan => ({
  ...{ name: 'Kernels', rounds: 4, warmUps: 1 },
  variants: names.map((name, index) => ({
    ...{ name: `v${index}`, board: 'microvm', spec: { ...defaultSpec, name } },
  })),
});

it('names what the variants were made from, each once', () => {
  expect(sayBases(planOf('web', 'web'))).toBe('made from “web”');
  expect(sayBases(planOf('web', 'Nandu’s defaults', 'db'))).toBe(
    'made from “web”, Nandu’s defaults and “db”',
  );
});

it('says what failed, warm-ups among it, and what was given up', () => {
  const plan = planOf('web', 'web');
  const result = (variant: number, round: number, failed: boolean): LabResult => ({
    ...{ variant, round, startedAtMs: 1, boot: null },
    failure: failed ? { message: 'no', log: [] } : null,
  });
  const results = [
    ...[result(0, 0, true), result(0, 1, false), result(0, 2, true)],
    ...[result(1, 0, true), result(1, 1, true)],
  ];
  expect(sayFailures({ plan, results }, 0)).toBe('2 failures, 1 in a warm-up');
  expect(sayFailures({ plan, results }, 1)).toBe('Given up after 2 failures, 1 in a warm-up');
  expect(sayFailures({ plan, results: results.slice(1, 2) }, 0)).toBeNull();
});

it('says a difference as a share of what it is a difference to', () => {
  expect([signedShare(-2030, 3278), signedShare(4, 1000), signedShare(0.01, 1000)]).toEqual([
    ...['−62 %', '+0.4 %', '0 %'],
  ]);
});
