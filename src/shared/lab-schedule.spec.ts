import { expect, it } from 'vitest';
import type { LabPlan, LabResult } from './lab.ts';
import { defaultSpec } from './presets.ts';
import {
  countsOf,
  doneOf,
  gapOf,
  isGivenUp,
  randomOf,
  remaining,
  scheduleOf,
  troubleOf,
} from './lab-schedule.ts';

const plan: LabPlan = {
  name: 'kernels',
  variants: ['a', 'b', 'c'].map((name) => ({
    ...{ name, board: 'microvm', spec: { ...defaultSpec, name } },
  })),
  rounds: 40,
  warmUps: 2,
};
const resultOf = (round: number, variant: number, failed = false): LabResult => ({
  ...{ round, variant, startedAtMs: 1, boot: null },
  failure: failed ? { message: 'no', log: [] } : null,
});

it('boots every variant once in each round, in an order that changes but follows from the seed', () => {
  const schedule = scheduleOf(plan, 7);
  expect(schedule).toHaveLength(42 * 3);
  for (let round = 0; round < 42; round++) {
    const inRound = schedule.slice(round * 3, round * 3 + 3);
    expect(inRound.map((boot) => boot.round)).toEqual([round, round, round]);
    expect(inRound.map(({ variant }) => variant).sort()).toEqual([0, 1, 2]);
  }
  // Each variant comes first about as often as the others: nobody has the warm cache for himself.
  const firsts = [0, 1, 2].map(
    (variant) => schedule.filter((boot, at) => at % 3 === 0 && boot.variant === variant).length,
  );
  expect(Math.min(...firsts)).toBeGreaterThan(7);
  expect(scheduleOf(plan, 7)).toEqual(schedule);
  expect(scheduleOf(plan, 8)).not.toEqual(schedule);
});

it('goes on where it was', () => {
  const schedule = scheduleOf(plan, 7);
  const results = schedule.slice(0, 50).map(({ round, variant }) => resultOf(round, variant));
  expect(remaining(plan, 7, results)).toEqual(schedule.slice(50));
});

it('gives a variant up that fails twice without ever having been ready, and no other', () => {
  const failing = [resultOf(0, 1, true), resultOf(1, 1, true)];
  expect([isGivenUp(1, failing.slice(1)), isGivenUp(1, failing)]).toEqual([false, true]);
  expect(isGivenUp(1, [...failing, resultOf(2, 1)])).toBe(false);
  const left = remaining(plan, 7, failing);
  expect(left.some(({ variant }) => variant === 1)).toBe(false);
  expect(left).toHaveLength(42 * 2);
});

it('has random numbers that fill the unit interval', () => {
  const random = randomOf(3);
  const values = Array.from({ length: 10_000 }, random);
  expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
  const tenths = new Array<number>(10).fill(0);
  for (const value of values) {
    const tenth = Math.floor(value * 10);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  expect(Math.min(...tenths)).toBeGreaterThan(850);
});

it('counts the boots that were made, and not those of a variant that was given up, from the numbers alone', () => {
  const all = scheduleOf(plan, 7);
  for (const made of [0, 1, 17, 60, all.length]) {
    // The second variant only ever fails.
    const results: LabResult[] = [];
    for (const { round, variant } of all.slice(0, made)) {
      if (isGivenUp(variant, results)) continue;
      results.push(resultOf(round, variant, variant === 1));
    }
    expect(doneOf(plan, countsOf(plan, results))).toEqual({
      done: results.length,
      total: results.length + remaining(plan, 7, results).length,
    });
  }
});

it('ends when the reference is given up: nothing could be compared with it any more', () => {
  const others = [resultOf(0, 1), resultOf(0, 2), resultOf(1, 2, true)];
  const results = [...others, resultOf(0, 0, true), resultOf(1, 0, true)];
  expect(remaining(plan, 7, results.slice(0, 4))).toHaveLength(42 * 3 - 4);
  expect(remaining(plan, 7, results)).toEqual([]);
  expect(doneOf(plan, countsOf(plan, results))).toEqual({ done: 5, total: 5 });
  expect(troubleOf(countsOf(plan, results))).toBe('no-reference');
  expect([gapOf(1, results), gapOf(1, others)]).toEqual(['no reference', 'too few']);
  expect(gapOf(1, [resultOf(0, 1, true), resultOf(1, 1, true)])).toBe('never ready');
});

it('tells an experiment in which nothing was ever ready from one without its reference', () => {
  const of = (...made: [boots: number, failures: number][]): string | null =>
    troubleOf(made.map(([boots, failures]) => ({ boots, failures })));
  expect([of([0, 0], [0, 0]), of([0, 0], [1, 0]), of([3, 2], [2, 2])]).toEqual([null, null, null]);
  expect([of([2, 2], [2, 2]), of([1, 1])]).toEqual(['nothing-ready', 'nothing-ready']);
  expect(of([2, 2], [3, 0])).toBe('no-reference');
});
