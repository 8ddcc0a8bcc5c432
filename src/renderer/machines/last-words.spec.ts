import { expect, it } from 'vitest';
import type { OnceEnded } from '../../shared/index.ts';
import { lastWordsNotice, lastWordsOf } from './last-words.ts';

const ended = (name: string, exitCode: number | null, lines = ['a']): OnceEnded => ({
  ...{ name, exitCode, lines },
  message: exitCode === null ? 'The kernel panicked.' : `The command ended with code ${exitCode}.`,
});

it('tells of one by name and sentence, and of several by their number', () => {
  const good = lastWordsOf(ended('web', 0), null);
  const poor = lastWordsOf(ended('job', 7), null);
  const bad = lastWordsOf(ended('lab', null), {
    ...{ kind: 'guest-panic', expected: false, message: '' },
  });
  expect([good, poor, bad].map(({ tone }) => tone)).toEqual(['plain', 'warn', 'bad']);
  expect([[poor], [good, poor], [good, poor, bad]].map(lastWordsNotice)).toEqual([
    {
      ...{ tone: 'warn', subject: 'job', title: 'ended' },
      text: 'The command ended with code 7. It was to run once, so only its output remains.',
    },
    {
      ...{ tone: 'warn', title: '2 machines ended' },
      text: 'web and job were to run once, so only their output remains.',
    },
    {
      ...{ tone: 'bad', title: '3 machines ended' },
      text: 'web, job and lab were to run once, so only their output remains.',
    },
  ]);
});

it('says that nothing was printed where that is so', () => {
  expect(lastWordsNotice([lastWordsOf(ended('web', 0, []), null)]).text).toBe(
    'The command ended with code 0. It printed nothing, and nothing of it remains.',
  );
});
