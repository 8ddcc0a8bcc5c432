/**
 * Judges whether a machine's network can be fenced in, which “Internet without the local network” is built on.
 * Never fails a computer for it: the other presets need none of it.
 */
import { installCommand, type Package } from '../facts/distribution.ts';
import { limited, ok, type Check } from './check.ts';

/** Whose package brings a program. */
const packageOf: Readonly<Record<string, Package>> = {
  ...{ slirp4netns: 'slirp4netns', nft: 'nftables' },
  ...{ unshare: 'utilLinux', setpriv: 'utilLinux', mount: 'utilLinux' },
};

export const fenceCheck: Check = {
  id: 'fenced-network',
  title: 'Fenced network',
  judge({ fence, distribution }) {
    if (fence.problem === null) {
      return ok('A machine can have the internet without this computer and the local network.');
    }
    const wanted = fence.missing.flatMap((program) => packageOf[program] ?? []);
    return limited(fence.problem, installCommand(distribution, wanted));
  },
};
