import { expect, it } from 'vitest';
import { partingQuestion } from './quit-words.ts';

it('asks about machines and about images that are being fetched, and about nothing else', () => {
  const asked = [
    { machines: 0, imports: 0 },
    { machines: 2, imports: 0 },
    { machines: 1, imports: 1 },
    { machines: 0, imports: 3 },
  ].map((goingOn) => {
    const question = partingQuestion(goingOn);
    return question && [question.message, question.detail.includes('ends with Nandu')];
  });
  expect(asked).toEqual([
    null,
    ['2 machines are still running', false],
    ['One machine is still running', true],
    ['3 images are still being fetched', true],
  ]);
});

it('remembers an answer about machines only, and has staying as the last answer always', () => {
  const questions = [
    { machines: 1, imports: 1 },
    { machines: 0, imports: 1 },
  ].map((goingOn) => partingQuestion(goingOn));
  expect(questions.map((question) => question?.canRemember)).toEqual([true, false]);
  expect(questions.map((question) => question?.answers.at(-1)?.means)).toEqual([null, null]);
});
