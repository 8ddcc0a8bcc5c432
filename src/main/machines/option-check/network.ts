/**
 * The network: whether this computer can fence it in, and forwards that lead nowhere.
 * Who has a port now is another check's business: that changes from one moment to the next.
 */
import type { Finding, MachineSpec } from '../../../shared/index.ts';
import { effectiveForwards, secondOfTwins } from '../../network/index.ts';
import { error, mend, warning, type OptionContext } from './finding.ts';

/** Of the finding that keeps a fenced machine from starting. */
export const fenceFindingCode = 'network-unavailable';

export const twinsMessage =
  'Another of this machine’s forwards has the same port on all addresses, which takes this one. Choose another port, or one of the two.';

export function checkNetwork(
  { network, portForwards, container }: MachineSpec,
  { fenceProblem }: OptionContext,
): Finding[] {
  const findings: Finding[] = [];
  if (network === 'internet' && fenceProblem !== null) {
    findings.push(
      error(
        fenceFindingCode,
        'network',
        fenceProblem,
        mend('Use host ports only', { network: 'host-ports' }),
      ),
    );
  }
  if (network === 'offline' && portForwards.length > 0) {
    findings.push(
      warning(
        'forwards-without-network',
        'portForwards',
        'Offline there is no network device, so the forwarded ports have no effect.',
        mend('Use host ports only', { network: 'host-ports' }),
      ),
    );
  }
  const twin = secondOfTwins(effectiveForwards({ network, portForwards }));
  if (twin >= 0) findings.push(error('forwards-collide', `portForwards.${twin}`, twinsMessage));
  const elsewhere = portForwards.findIndex(({ hostAddress }) => !hostAddress.startsWith('127.'));
  if (network === 'host-ports' && container === null && elsewhere >= 0) {
    // libslirp leaves gateway and resolver out of its DHCP answers with restrict=on (bootp.c).
    findings.push(
      warning(
        'no-gateway-by-dhcp',
        `portForwards.${elsewhere}`,
        'With “Host ports only” DHCP tells the guest no gateway, so it answers this computer but nobody beyond, unless it is given the route itself (default via 10.0.2.2).',
        mend('For this computer alone', {
          [`portForwards.${elsewhere}.hostAddress`]: '127.0.0.1',
        }),
      ),
    );
  }
  return findings;
}
