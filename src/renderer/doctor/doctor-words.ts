/**
 * The doctor's report in words, and what of it matters most.
 * Pure: what is wrong is main's finding.
 */
import type { CheckResult, DoctorReport } from '../../shared/index.ts';

export type Result = CheckResult['result'];

export const resultTitles: Record<Result, string> = {
  ok: 'OK',
  limited: 'Limited',
  failed: 'Failed',
};

const weights: Record<Result, number> = { failed: 0, limited: 1, ok: 2 };

/** What needs attention first; otherwise in main's order. */
export function byUrgency(checks: readonly CheckResult[]): CheckResult[] {
  return [...checks].sort((a, b) => weights[a.result] - weights[b.result]);
}

/** The worst result of a report. */
export function worstOf(report: DoctorReport): Result {
  return byUrgency(report.checks)[0]?.result ?? 'ok';
}

/** One sentence over all checks. */
export function summary(report: DoctorReport): string {
  const count = (result: Result): number =>
    report.checks.filter((check) => check.result === result).length;
  const failed = count('failed');
  const limited = count('limited');
  if (failed > 0) {
    const more = limited > 0 ? `, ${limited} limited` : '';
    return `${failed} failed${more}. Machines may not start until this is mended.`;
  }
  if (limited > 0) return `${limited} limited. Machines start, but slower or without something.`;
  return 'Everything that Nandu needs is here.';
}

/** Whether a report is worth a person's time unasked: something beside KVM, which most sandboxes lack. */
export function worthOpening(report: DoctorReport): boolean {
  return report.checks.some(({ id, result }) => result !== 'ok' && !/^kvm\b/.test(id));
}
