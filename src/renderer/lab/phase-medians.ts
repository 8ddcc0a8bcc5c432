/**
 * How long each phase of a variant's boots took, in the middle.
 * Pure. Medians of phases need not add up to the median of the whole.
 */
import { phaseNames, type Experiment, type PhaseName } from '../../shared/index.ts';

export interface PhaseMedian {
  readonly name: PhaseName;
  readonly ms: number;
}

/** In the order of the phases; empty for a variant without a boot that was ready. */
export function phaseMedians(
  { plan, results }: Pick<Experiment, 'plan' | 'results'>,
  variant: number,
): PhaseMedian[] {
  const boots = results.flatMap((result) =>
    result.variant === variant && result.round >= plan.warmUps && result.failure === null
      ? (result.boot ?? [])
      : [],
  );
  return phaseNames.flatMap((name) => {
    const all = boots
      .flatMap(({ phases }) => phases.find((phase) => phase.name === name)?.durationMs ?? [])
      .sort((a, b) => a - b);
    const middle = all.length / 2;
    const [low, high] = [all[Math.ceil(middle) - 1], all[Math.floor(middle)]];
    return low === undefined || high === undefined ? [] : [{ name, ms: (low + high) / 2 }];
  });
}
