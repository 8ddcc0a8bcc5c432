/**
 * Says what serves the network “Full” on this computer, and why.
 * Never finds fault: QEMU's own network lets guests reach the same.
 */
import { ok, type Check } from './check.ts';

export const passtCheck: Check = {
  id: 'full-network',
  title: 'Full network',
  judge({ passt: { program, problem } }) {
    return ok(
      program === null
        ? `“Full” uses QEMU’s own network. ${problem}`
        : `“Full” uses passt, ${program}.`,
    );
  },
};
