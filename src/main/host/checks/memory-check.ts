/**
 * Judges whether there is memory for a machine.
 * Never knows how much a certain machine needs: that is checked at its start.
 */
import { valueOf } from '../facts/fact.ts';
import { failed, formatBytes, limited, ok, type Check } from './check.ts';

const bytesPerMiB = 1024 ** 2;
/** A small Linux guest with QEMU around it. */
const tooLittleMiB = 128;
/** Two comfortable machines. */
const littleMiB = 512;

/** Which programs to end is the person's to decide. */
const showLargest = 'ps -eo rss,pid,comm --sort=-rss | head';

export const memoryCheck: Check = {
  id: 'memory',
  title: 'Memory',
  judge({ memory }) {
    const { availableMiB, totalMiB } = valueOf(memory);
    const amount = `${formatBytes(availableMiB * bytesPerMiB)} of ${formatBytes(totalMiB * bytesPerMiB)} are available.`;
    if (availableMiB < tooLittleMiB) {
      return failed(`${amount} That is too little for a machine; end some programs.`, showLargest);
    }
    if (availableMiB < littleMiB) {
      return limited(`${amount} That is enough for one small machine.`, showLargest);
    }
    return ok(amount);
  },
};
