import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { defaultSpec, type Finding, type MachineSpec } from '../../../shared/index.ts';
import { LatestCheck } from './latest-check.ts';

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});
afterEach(() => vi.restoreAllMocks());

const named = (name: string): MachineSpec => ({ ...defaultSpec, name });
const finding = (code: string): Finding => ({
  ...{ level: 'error', code, field: 'name', message: code, mend: null },
});

it('asks once typing rests, and only about the last definition', async () => {
  const asked: string[] = [];
  const heard: string[][] = [];
  const check = new LatestCheck(
    (spec) => {
      asked.push(spec.name);
      return Promise.resolve([finding(spec.name)]);
    },
    { found: (found) => heard.push(found.map(({ code }) => code)), failed: () => undefined },
  );
  check.request(named('a'));
  await vi.advanceTimersByTimeAsync(200);
  check.request(named('b'));
  await vi.advanceTimersByTimeAsync(249);
  expect(asked).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect([asked, heard]).toEqual([['b'], [['b']]]);
});

it('drops the answer, good or bad, to a question that was overtaken or taken back', async () => {
  const answers: Record<string, (found: Finding[] | Error) => void> = {};
  const heard: unknown[] = [];
  const check = new LatestCheck(
    (spec) =>
      new Promise((resolve, reject) => {
        answers[spec.name] = (answer) =>
          answer instanceof Error ? reject(answer) : resolve(answer);
      }),
    { found: (found) => heard.push(found[0]?.code), failed: ({ code }) => heard.push(code) },
  );
  const ask = async (name: string): Promise<void> => {
    check.request(named(name));
    await vi.advanceTimersByTimeAsync(250);
  };
  await ask('slow');
  await ask('broken');
  await ask('last');
  answers['last']?.([finding('last')]);
  answers['slow']?.([finding('slow')]);
  answers['broken']?.(new Error('late'));
  await vi.advanceTimersByTimeAsync(0);
  await ask('gone');
  check.cancel();
  answers['gone']?.([finding('gone')]);
  await ask('failing');
  answers['failing']?.(new Error('now'));
  await vi.advanceTimersByTimeAsync(0);
  expect(heard).toEqual(['last', 'internal']);
});
