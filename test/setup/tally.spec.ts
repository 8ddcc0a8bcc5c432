import { describe, expect, it } from 'vitest';
import { readVitestReport, summarise } from '../../scripts/lib/tally.mjs';

const report = (...statuses: string[]): Parameters<typeof readVitestReport>[2] => ({
  testResults: [
    {
      name: 'a.spec.ts',
      status: statuses.includes('failed') ? 'failed' : 'passed',
      assertionResults: statuses.map((status, index) => ({ fullName: `test ${index}`, status })),
    },
  ],
});

describe('the last line of a test run', () => {
  it('counts over all suites and names what was skipped or failed above it', () => {
    const results = [
      readVitestReport('unit', 0, report('passed', 'passed', 'skipped')),
      readVitestReport('e2e', 1, report('passed', 'failed')),
    ];
    expect(summarise(results)).toEqual([
      '',
      'SKIPPED unit: test 2',
      'FAILED  e2e: test 1',
      '3 passed, 1 failed, 1 skipped',
    ]);
  });

  it('has the reason of a failure above it, plain and short', () => {
    const lines = Array.from({ length: 20 }, (_, at) => `line ${at}`).join('\n');
    const message = `\u001b[31mError: outside: 31\u001b[39m\n\n    at a.spec.ts:1:2\n    at b (node_modules/c.js:3:4)\n${lines}`;
    const failed = { fullName: 'a', status: 'failed', failureMessages: [message] };
    const file = { name: 'a.spec.ts', status: 'failed', assertionResults: [failed] };
    const said = summarise([readVitestReport('unit', 1, { testResults: [file] })])
      .join('\n')
      .split('\n');
    expect(said.slice(1, 5)).toEqual([
      'FAILED  unit: a',
      '        Error: outside: 31',
      '        at a.spec.ts:1:2',
      '        line 0',
    ]);
    expect(said).toHaveLength(11);
    expect(said.at(-1)).toBe('0 passed, 1 failed');
  });

  it('leaves skipped tests out where there are none', () => {
    expect(summarise([readVitestReport('unit', 0, report('passed'))]).at(-1)).toBe(
      '1 passed, 0 failed',
    );
  });
});

describe('a suite counts as failed', () => {
  it.each([
    ['when it crashed before it wrote a report', 139, null],
    ['when it ran no test', 0, { testResults: [] }],
    ['when all its tests were skipped', 0, report('skipped')],
    ['when it ended badly although no test failed', 1, report('passed')],
    [
      'when a file of it could not be loaded',
      1,
      { testResults: [{ name: 'b.spec.ts', status: 'failed', assertionResults: [] }] },
    ],
  ])('%s', (_, exitCode, given) => {
    expect(readVitestReport('e2e', exitCode, given).failures).toHaveLength(1);
  });
});
