/**
 * What window and report say of an experiment in the same words: what it was made from, what failed, shares.
 * Pure; must be the only place where these sentences are written.
 */
import type { Experiment, LabPlan } from './lab.ts';
import { isGivenUp } from './lab-schedule.ts';

/** The name that a definition of no machine has. */
const defaultsName = 'Nandu’s defaults';

/** “made from “web””: the machines whose definitions the variants have, or Nandu’s defaults. */
export function sayBases({ variants }: Pick<LabPlan, 'variants'>): string {
  const names = [...new Set(variants.map(({ spec }) => spec.name))];
  const said = names.map((name) => (name === defaultsName ? name : `“${name}”`));
  const last = said.pop() ?? defaultsName;
  return `made from ${said.length === 0 ? last : `${said.join(', ')} and ${last}`}`;
}

/** “Given up after 2 failures, 1 in a warm-up”; null for a variant of which no boot failed. */
export function sayFailures(
  { plan, results }: Pick<Experiment, 'plan' | 'results'>,
  variant: number,
): string | null {
  const failed = results.filter((one) => one.variant === variant && one.failure !== null);
  if (failed.length === 0) return null;
  // The table counts rounds only; what failed in a warm-up failed, too.
  const warm = failed.filter(({ round }) => round < plan.warmUps).length;
  const all = failed.length === 1 ? '1 failure' : `${failed.length} failures`;
  const among = warm === 0 ? '' : `, ${warm} in ${warm === 1 ? 'a warm-up' : 'warm-ups'}`;
  return isGivenUp(variant, results) ? `Given up after ${all}${among}` : `${all}${among}`;
}

/** “−62 %”, “+0.4 %”: a difference as a share of what it is a difference to; with a real minus. */
export function signedShare(differenceMs: number, ofMs: number): string {
  const percent = (Math.abs(differenceMs) / ofMs) * 100;
  const text = percent < 9.95 ? String(Number(percent.toFixed(1))) : percent.toFixed(0);
  if (text === '0') return '0 %';
  return `${differenceMs < 0 ? '−' : '+'}${text} %`;
}
