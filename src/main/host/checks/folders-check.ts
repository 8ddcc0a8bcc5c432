/**
 * Says how folders are shared with guests on this computer, and why.
 * Never finds fault: 9p, which QEMU does alone, shares them as well.
 */
import { ok, type Check } from './check.ts';

export const foldersCheck: Check = {
  id: 'shared-folders',
  title: 'Shared folders',
  judge({ folders: { program, wanted, problem } }) {
    if (wanted === '9p') return ok('Shared folders use 9p, as the settings say.');
    if (program === null) return ok(`Shared folders use 9p. ${problem}`);
    return ok(
      program.anyoneWrites
        ? `Shared folders use virtiofs, served by ${program.path}.`
        : `Shared folders use virtiofs, served by ${program.path}; those that a container may write to as another user than root use 9p.`,
    );
  },
};
