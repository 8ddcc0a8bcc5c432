/**
 * The order of an experiment's boots: in turns, shuffled anew in every round, the same for the same seed.
 * Must never boot one variant's runs in a row: what drifts on the host would be taken for the variant's doing.
 */
import type { LabPlan, LabResult, LabTrouble } from './lab.ts';

/** One boot to come. */
export interface LabBoot {
  readonly round: number;
  readonly variant: number;
}

/** After so many failures without a single success a variant is given up. */
export const failuresToGiveUp = 2;

/** Numbers from 0 (included) to 1, the same for the same seed: mulberry32, by Tommy Ettinger, public domain. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** All boots in order, warm-ups first. */
export function scheduleOf(plan: LabPlan, seed: number): LabBoot[] {
  const boots: LabBoot[] = [];
  const random = randomOf(seed);
  for (let round = 0; round < plan.warmUps + plan.rounds; round++) {
    const order = shuffled(
      plan.variants.map((_, variant) => variant),
      random,
    );
    boots.push(...order.map((variant) => ({ round, variant })));
  }
  return boots;
}

/** In another order, each as likely as any (Fisher and Yates). @param random numbers from 0 (included) to 1. */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(Math.floor(random() * left.length), 1));
}

/** What was made of one variant. */
export interface BootCount {
  readonly boots: number;
  readonly failures: number;
}

/** Of each variant, in the plan's order. */
export function countsOf(
  { variants }: Pick<LabPlan, 'variants'>,
  results: readonly Pick<LabResult, 'variant' | 'failure'>[],
): BootCount[] {
  return variants.map((_, variant) => {
    const own = results.filter((result) => result.variant === variant);
    return { boots: own.length, failures: own.filter(({ failure }) => failure !== null).length };
  });
}

function onlyFails({ boots, failures }: BootCount): boolean {
  return boots >= failuresToGiveUp && failures === boots;
}

/** Whether a variant has only ever failed, and often enough. */
export function isGivenUp(variant: number, results: readonly LabResult[]): boolean {
  const own = results.filter((result) => result.variant === variant);
  const failures = own.filter(({ failure }) => failure !== null).length;
  return onlyFails({ boots: own.length, failures });
}

/** Why a variant has no difference to the reference, in two words. */
export type LabGap = 'never ready' | 'no reference' | 'too few';

/** @param variant not the first. */
export function gapOf(variant: number, results: readonly LabResult[]): LabGap {
  if (isGivenUp(variant, results)) return 'never ready';
  return isGivenUp(0, results) ? 'no reference' : 'too few';
}

/**
 * Boots that were made, and those with all that are still to come: none of what is given up.
 * @param counts as {@link countsOf}.
 */
export function doneOf(
  { rounds, warmUps }: Pick<LabPlan, 'rounds' | 'warmUps'>,
  counts: readonly BootCount[],
): { done: number; total: number } {
  const each = rounds + warmUps;
  const done = counts.reduce((sum, { boots }) => sum + boots, 0);
  const [reference] = counts;
  if (reference && onlyFails(reference)) return { done, total: done };
  const left = counts.map((count) => (onlyFails(count) ? 0 : Math.max(0, each - count.boots)));
  return { done, total: done + left.reduce((sum, more) => sum + more, 0) };
}

/** What is the matter with the boots that were made; null for nothing. @param counts as {@link countsOf}. */
export function troubleOf(counts: readonly BootCount[]): LabTrouble | null {
  const [reference] = counts;
  if (reference === undefined || counts.every(({ boots }) => boots === 0)) return null;
  if (counts.every(({ boots, failures }) => boots === failures)) return 'nothing-ready';
  return counts.length > 1 && reference.boots > 0 && reference.boots === reference.failures
    ? 'no-reference'
    : null;
}

/**
 * The boots that are still to be made: not those that have a result, nor those of a variant that is given up. None
 * once that is the first: the others would be measured for long, and could be compared with nothing.
 */
export function remaining(plan: LabPlan, seed: number, results: readonly LabResult[]): LabBoot[] {
  if (isGivenUp(0, results)) return [];
  const done = new Set(results.map(({ round, variant }) => `${round} ${variant}`));
  return scheduleOf(plan, seed).filter(
    ({ round, variant }) => !done.has(`${round} ${variant}`) && !isGivenUp(variant, results),
  );
}
