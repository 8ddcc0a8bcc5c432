/** Counts test results over all suites. A suite that crashed or ran nothing counts as a failure. */

import { stripVTControlCharacters } from 'node:util';

/**
 * @typedef {object} SuiteResult
 * @property {number} passed
 * @property {string[]} failures names, each with the first lines of its reason below it
 * @property {string[]} skipped names
 *
 * @typedef {object} VitestReport what vitest's json reporter writes, as far as it is used
 * @property {{ name: string, status: string, message?: string,
 *   assertionResults: { fullName: string, status: string, failureMessages?: string[] | null }[] }[]} testResults
 */

/**
 * @param {string} suite
 * @param {number} exitCode
 * @param {VitestReport | null} report null when none was written
 * @returns {SuiteResult}
 */
export function readVitestReport(suite, exitCode, report) {
  const files = report?.testResults ?? [];
  const tests = files.flatMap((file) => file.assertionResults);
  const namesOf = (/** @type {string[]} */ ...statuses) =>
    tests
      .filter(({ status }) => statuses.includes(status))
      .map(({ fullName, failureMessages }) =>
        [`${suite}: ${fullName}`, ...reason(failureMessages?.[0])].join('\n'),
      );
  const failures = namesOf('failed');
  for (const { name, status, message, assertionResults } of files) {
    const hasNamedFailure = assertionResults.some((test) => test.status === 'failed');
    if (status === 'failed' && !hasNamedFailure)
      failures.push([`${suite}: ${name} (the file itself)`, ...reason(message)].join('\n'));
  }
  const passed = namesOf('passed').length;
  const skipped = namesOf('skipped', 'pending', 'todo', 'disabled');
  if (!report) failures.push(`${suite}: it crashed before it wrote a report (code ${exitCode})`);
  else if (passed + failures.length === 0) failures.push(`${suite}: no test ran`);
  else if (exitCode !== 0 && failures.length === 0)
    failures.push(`${suite}: ended with code ${exitCode} although no test failed`);
  return { passed, failures, skipped };
}

/**
 * What a reader of the last lines alone needs: the message, and where in our own files it was thrown.
 * @param {string | undefined} message
 */
function reason(message) {
  return stripVTControlCharacters(message ?? '')
    .split('\n')
    .map((line) => line.trim().slice(0, 300))
    .filter((line) => line !== '' && !line.includes('node_modules/') && !line.includes('node:'))
    .slice(0, 8)
    .map((line) => `        ${line}`);
}

/**
 * The lines to end a test run with; the last is `N passed, N failed[, N skipped]`.
 * @param {readonly SuiteResult[]} results
 */
export function summarise(results) {
  const failures = results.flatMap((result) => result.failures);
  const skipped = results.flatMap((result) => result.skipped);
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  return [
    '',
    ...skipped.map((name) => `SKIPPED ${name}`),
    ...failures.map((name) => `FAILED  ${name}`),
    `${passed} passed, ${failures.length} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`,
  ];
}
