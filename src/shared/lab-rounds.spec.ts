import { expect, it } from 'vitest';
import { roundNumber, sayRoundNumber } from './lab-rounds.ts';

it('counts the rounds that count from 1 on, and warm-ups by themselves', () => {
  const plan = { warmUps: 2 };
  expect([0, 1, 2, 11].map((round) => sayRoundNumber(plan, round))).toEqual([
    ...['warm-up 1', 'warm-up 2', 'round 1', 'round 10'],
  ]);
  expect(roundNumber({ warmUps: 0 }, 0)).toEqual({ kind: 'round', number: 1 });
});
