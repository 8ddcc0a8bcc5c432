import { expect, it } from 'vitest';
import { commandEnded, commandEndIn } from './command-end.ts';

it.each([
  [0, 0, 'The command ended.'],
  [3, 0, 'The command ended with exit code 3.'],
  [127, 0, 'The command ended with exit code 127: a program was not found.'],
  [137, 0, 'The command ended with exit code 137: it was killed, signal 9 (SIGKILL).'],
  [
    137,
    1,
    'The command ended with exit code 137: it was killed, signal 9 (SIGKILL). The guest ran out of memory and its kernel killed a process: give the machine more memory.',
  ],
  [
    139,
    null,
    'The command ended with exit code 139: it reached for memory that is not its own, signal 11 (SIGSEGV).',
  ],
  [143, 0, 'The command ended with exit code 143: it was asked to end, signal 15 (SIGTERM).'],
  [141, 0, 'The command ended with exit code 141: signal 13 (SIGPIPE).'],
  [
    0,
    3,
    'The command ended. The guest ran out of memory and its kernel killed 3 processes: give the machine more memory.',
  ],
  [255, 0, 'The command ended with exit code 255.'],
])(
  'says what exit code %i with %s killed for want of memory means',
  (exitCode, memoryKills, text) => {
    expect(commandEnded({ exitCode, memoryKills })).toBe(text);
  },
);

it('reads both from the console, the last of each', () => {
  const killed = 'nandu: the kernel ended 2 of its processes for want of memory';
  const ended = 'nandu: the command ended with exit code 137';
  expect(commandEndIn(['output', killed, ended])).toEqual({ exitCode: 137, memoryKills: 2 });
  expect(commandEndIn(['output', ended])).toEqual({ exitCode: 137, memoryKills: null });
  expect(commandEndIn([killed, `${ended}0`])).toBeNull();
});
