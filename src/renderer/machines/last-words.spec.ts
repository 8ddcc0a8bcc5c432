import { expect, it } from 'vitest';
import type { MachineId, OnceEnded } from '../../shared/index.ts';
import { commandOutput, lastWordsNotice, lastWordsOf } from './last-words.ts';

const id = 'm' as MachineId;
const ended = (name: string, exitCode: number | null, lines = ['a']): OnceEnded => ({
  ...{ name, exitCode, lines },
  message: exitCode === null ? 'The kernel panicked.' : `The command ended with code ${exitCode}.`,
});

it('tells of one by name and sentence, and of several by their number', () => {
  const good = lastWordsOf(id, ended('web', 0), null);
  const poor = lastWordsOf(id, ended('job', 7), null);
  const bad = lastWordsOf(id, ended('lab', null), {
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
  expect(lastWordsNotice([lastWordsOf(id, ended('web', 0, []), null)]).text).toBe(
    'The command ended with code 0. It printed nothing, and nothing of it remains.',
  );
});

it('shows what the command printed and not the kernel around it, but never cuts what may be the command’s', () => {
  const before = ['[    0.248844] PCI: Fatal: No config space access function found'];
  const start = 'nandu: user space uptime=1.32';
  const end = 'nandu: the command ended with exit code 3';
  const after = ['[    1.878780] reboot: Power down', ''];
  expect(commandOutput([...before, start, 'a', '', 'b', end, ...after])).toEqual(['a', '', 'b']);
  expect(commandOutput(['b', end, ...after])).toEqual(['b']);
  const killed = 'nandu: the kernel ended 2 of its processes for want of memory';
  expect(commandOutput([start, 'b', killed, end])).toEqual(['b']);
  const panic = [start, 'a', '[    2.000000] Kernel panic - not syncing'];
  expect(commandOutput(panic)).toEqual(panic.slice(1));
  const forged = ['a', start, 'b', end, 'c'];
  expect(commandOutput(forged)).toEqual(forged);
  expect(commandOutput([start, end])).toEqual([]);
});
