/**
 * The network: whether this computer can fence it in, and forwards that lead nowhere.
 * Who has a port now is another check's business: that changes from one moment to the next.
 */
import type { Finding, MachineSpec } from '../../../shared/index.ts';
import { error, mend, warning, type OptionContext } from './finding.ts';

/** Of the finding that keeps a fenced machine from starting. */
export const fenceFindingCode = 'network-unavailable';

export function checkNetwork(
  { network, portForwards }: MachineSpec,
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
  return findings;
}
