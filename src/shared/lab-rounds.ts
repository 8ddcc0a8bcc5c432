/**
 * How an experiment’s rounds are numbered for people: those that count from 1 on, warm-ups by themselves.
 * Pure; must be the only place that does it, so that window, report and data name the same boot alike.
 */
import type { LabPlan } from './lab.ts';

/** One round as people count it, from 1 on. */
export interface RoundNumber {
  readonly kind: 'warm-up' | 'round';
  readonly number: number;
}

/** @param round as in a result: from 0, warm-ups first. */
export function roundNumber({ warmUps }: Pick<LabPlan, 'warmUps'>, round: number): RoundNumber {
  if (round < warmUps) return { kind: 'warm-up', number: round + 1 };
  return { kind: 'round', number: round - warmUps + 1 };
}

/** “round 3”, “warm-up 1”. @param round as in {@link roundNumber}. */
export function sayRoundNumber(plan: Pick<LabPlan, 'warmUps'>, round: number): string {
  const { kind, number } = roundNumber(plan, round);
  return `${kind} ${number}`;
}
