import { expect, it } from 'vitest';
import { guessedMsPerBoot, msPerBoot, sayPlanTime, sayRound, sayTimeLeft } from './lab-time.ts';
import { sampleExperiment, sampleVariant } from './sample-experiment.ts';
import { sampleHost } from './sample-host.ts';

const variants = [sampleVariant('ELF kernel'), sampleVariant('bzImage kernel')];
const plan = { name: 'Kernels', variants, rounds: 10, warmUps: 1 };

it('tells time by the middle gap between boots, so that a pause is of no account', () => {
  const experiment = sampleExperiment(
    variants,
    [
      [900, 900, 900],
      [950, 950, 950],
    ],
    { plan },
  );
  const paused = experiment.results.map((result) =>
    result.round < 2 ? result : { ...result, startedAtMs: result.startedAtMs + 3_600_000 },
  );
  expect(msPerBoot({ results: paused })).toBe(3_000);
  expect(msPerBoot({ results: paused.slice(0, 3) })).toBeNull();
  expect(sayTimeLeft(experiment)).toBe('about 50 s left');
  expect(guessedMsPerBoot(sampleHost)).toBe(4_000);
});

it('learns nothing of boots that failed: a panic is short, a deadline long', () => {
  const panics = sampleExperiment(variants, [
    ['no', 'no', 'no', 'no'],
    ['no', 'no', 'no', 'no'],
  ]);
  expect(msPerBoot(panics)).toBeNull();
  const half = sampleExperiment(variants, [
    [900, 900, 900, 900],
    ['no', 'no', 'no', 'no'],
  ]);
  const results = half.results.map((result) =>
    // After each failure the next boot comes at once.
    result.variant === 0 ? result : { ...result, startedAtMs: result.startedAtMs + 2_500 },
  );
  expect(msPerBoot({ results })).toBe(5_500);
});

it('names warm-ups as such, counts the rounds after them from 1 on, and says what boots', () => {
  const of = (rounds: number): string | null =>
    sayRound(
      sampleExperiment(
        variants,
        variants.map(() => new Array<number>(rounds).fill(900)),
        { plan },
      ),
      'ELF kernel',
    );
  expect([of(0), of(3), of(11)]).toEqual([
    'Warm-up 1 of 1 · ELF kernel',
    'Round 3 of 10 · ELF kernel',
    null,
  ]);
});

it('says how long a plan takes', () => {
  const of = (count: number, rounds: number, perBootMs: number): string =>
    sayPlanTime({ variants: count, rounds, warmUps: 1 }, perBootMs);
  expect([of(1, 1, 1_000), of(2, 10, 2_500), of(4, 10, 4_000), of(8, 200, 4_000)]).toEqual([
    '2 boots, about 5 s',
    '22 boots, about 55 s',
    '44 boots, about 3 min',
    '1,608 boots, about 1.8 h',
  ]);
});
