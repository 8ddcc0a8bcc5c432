/**
 * Judges whether an ordinary user may make a user namespace, which some isolation is built on.
 * Never proposes to loosen a setting that is not what forbids it.
 */
import { installCommand } from '../facts/distribution.ts';
import { valueOf } from '../facts/fact.ts';
import type { UserNamespaces } from '../facts/doctor-facts.ts';
import { limited, ok, type Check } from './check.ts';

const loss =
  'Without them a machine’s network cannot be fenced in, and the window’s own sandbox may not start.';

export const userNamespacesCheck: Check = {
  id: 'user-namespaces',
  title: 'User namespaces',
  judge({ userNamespaces, person, distribution }) {
    const found = valueOf(userNamespaces);
    if (found.outcome === 'no-unshare') {
      return limited(
        `Not tried: the program “unshare” is not installed. ${loss}`,
        installCommand(distribution, ['utilLinux']),
      );
    }
    if (found.outcome === 'work') {
      const isRoot = person.known && person.value.isRoot;
      return ok(
        isRoot
          ? 'User namespaces work. You are root, so that says nothing about other users.'
          : 'You may make user namespaces.',
      );
    }
    const { why, mend } = explain(found);
    return limited(`You may not make user namespaces: ${why}. ${loss}`, mend);
  },
};

function explain(found: UserNamespaces): { why: string; mend: string | null } {
  if (found.unprivilegedClone === false) {
    return {
      why: 'kernel.unprivileged_userns_clone forbids it',
      mend: setting('kernel.unprivileged_userns_clone', 1),
    };
  }
  if (found.restrictedByAppArmor === true) {
    return {
      why: 'AppArmor keeps them from programs without a profile, as on Ubuntu since 23.10 (the command lifts that for all programs)',
      mend: setting('kernel.apparmor_restrict_unprivileged_userns', 0),
    };
  }
  if (found.maximum === 0) {
    return {
      why: 'user.max_user_namespaces is 0',
      mend: setting('user.max_user_namespaces', 15_000),
    };
  }
  const said = found.said === '' ? 'unshare did not say why' : `unshare said “${found.said}”`;
  return { why: `${said}; a container often forbids it`, mend: null };
}

/** For now and for after the next boot (sysctl.d(5)). */
function setting(name: string, value: number): string {
  return `echo '${name} = ${value}' | sudo tee /etc/sysctl.d/60-nandu.conf && sudo sysctl --system`;
}
