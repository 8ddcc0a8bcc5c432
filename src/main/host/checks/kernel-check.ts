/**
 * Judges whether set-up has prepared a guest kernel.
 * Never looks into the kernel itself: that is for the images room.
 */
import { valueOf } from '../facts/fact.ts';
import { failed, listOf, ok, type Check } from './check.ts';

const setUp = 'npm run setup';

export const kernelCheck: Check = {
  id: 'kernel',
  title: 'Guest kernel',
  judge({ kernel, problems, unreadableKernelFiles }) {
    if (kernel === null) {
      const why = problems.at(-1)?.message ?? 'Set-up has prepared no guest kernel.';
      return failed(`${why} Machines need one, unless they name their own.`, setUp);
    }
    const unreadable = valueOf(unreadableKernelFiles);
    if (unreadable.length > 0) {
      return failed(`The guest kernel’s files cannot be read: ${listOf(unreadable)}.`, setUp);
    }
    return ok(`${kernel.title} is prepared.`);
  },
};
