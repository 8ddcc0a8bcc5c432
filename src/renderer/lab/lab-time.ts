/**
 * How long an experiment takes, by what boots of earlier ones took.
 * Pure; a guess is always called one.
 */
import {
  remaining,
  roundNumber,
  type Experiment,
  type HostStatus,
  type LabPlan,
} from '../../shared/index.ts';
import { formatCount } from '../format/index.ts';

/** Gaps between fewer boots say too little. */
const fewestGaps = 3;
/** From one boot's start to the next one's, launch and end included, where nothing was measured yet. */
const guessMs = { kvm: 1_500, emulated: 4_000 };

/** The middle time from the start of a boot that was ready to the next one's; null where too few were made. */
export function msPerBoot({ results }: Pick<Experiment, 'results'>): number | null {
  const boots = results.toSorted((a, b) => a.startedAtMs - b.startedAtMs);
  // One that failed says nothing of what a boot takes: a panic is short, and a deadline long.
  const gaps = boots.slice(1).flatMap(({ startedAtMs }, index) => {
    const before = boots[index];
    return before?.failure === null ? [startedAtMs - before.startedAtMs] : [];
  });
  // The median, so that a pause or an end of the app between two boots is of no account.
  if (gaps.length < fewestGaps) return null;
  return gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? null;
}

export function guessedMsPerBoot(host: Pick<HostStatus, 'kvm'> | null): number {
  return host?.kvm.state === 'works' ? guessMs.kvm : guessMs.emulated;
}

/** “44 boots, about 3 min”. */
export function sayPlanTime(
  { variants, rounds, warmUps }: Pick<LabPlan, 'rounds' | 'warmUps'> & { variants: number },
  perBootMs: number,
): string {
  const boots = variants * (rounds + warmUps);
  return `${formatCount(boots, 'boot')}, ${roughly(boots * perBootMs)}`;
}

/** “about 2 min left”; null while nothing is known. */
export function sayTimeLeft(experiment: Experiment): string | null {
  const perBootMs = msPerBoot(experiment);
  if (perBootMs === null) return null;
  const { plan, seed, results } = experiment;
  return `${roughly(remaining(plan, seed, results).length * perBootMs)} left`;
}

/** “Round 4 of 10 · ELF kernel”, “Warm-up 1 of 1 · ELF kernel”; null when no boot is left. */
export function sayRound(
  { plan, seed, results }: Experiment,
  booting: string | null,
): string | null {
  const [next] = remaining(plan, seed, results);
  if (next === undefined) return null;
  const { kind, number } = roundNumber(plan, next.round);
  const at =
    kind === 'round' ? `Round ${number} of ${plan.rounds}` : `Warm-up ${number} of ${plan.warmUps}`;
  return `${at} · ${booting ?? plan.variants[next.variant]?.name ?? ''}`;
}

function roughly(ms: number): string {
  if (ms < 57_500) return `about ${Math.max(5, Math.round(ms / 5_000) * 5)} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 90) return `about ${minutes} min`;
  return `about ${(minutes / 60).toFixed(1)} h`;
}
