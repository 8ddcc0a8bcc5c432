import { expect, it } from 'vitest';
import { partingQuestion, type GoingOn } from './quit-words.ts';

const nothing: GoingOn = { machines: 0, imports: 0, experiment: null };

it('asks about machines, an experiment and images that are being fetched, and about nothing else', () => {
  const asked = [
    {},
    { machines: 2 },
    { machines: 1, imports: 1 },
    { imports: 3 },
    { experiment: 'quiet?' },
    { experiment: 'quiet?', imports: 1 },
    { machines: 1, experiment: 'quiet?' },
  ].map((goingOn) => {
    const question = partingQuestion({ ...nothing, ...goingOn });
    return question && [question.message, question.detail.split('\n\n').length];
  });
  expect(asked).toEqual([
    null,
    ['2 machines are still running', 1],
    ['One machine is still running', 2],
    ['3 images are still being fetched', 1],
    ['The experiment “quiet?” is still going on', 1],
    ['The experiment “quiet?” is still going on', 2],
    ['One machine is still running', 2],
  ]);
});

it('says of all that is cut off what becomes of it', () => {
  const goingOn = { ...nothing, experiment: 'quiet?', imports: 1 };
  expect(partingQuestion(goingOn)?.detail).toBe(
    'That ends with Nandu. Its boots so far are kept, and you can let it go on the next time.\n\n' +
      'One image is still being fetched, which ends as well. ' +
      'What has come of it is kept for the next time that it is pulled.',
  );
  expect(partingQuestion({ ...goingOn, machines: 1 })?.detail).toContain(
    'The experiment “quiet?” is still going on, which ends with Nandu.',
  );
});

it('remembers an answer about machines only, and has staying as the last answer always', () => {
  const questions = [{ machines: 1, imports: 1 }, { imports: 1 }, { experiment: 'quiet?' }].map(
    (goingOn) => partingQuestion({ ...nothing, ...goingOn }),
  );
  expect(questions.map((question) => question?.canRemember)).toEqual([true, false, false]);
  expect(questions.map((question) => question?.answers.at(-1)?.means)).toEqual([null, null, null]);
});
