/**
 * Says before a start what cannot work, why, and what change mends it. Pure: everything it knows about the
 * host is given to it, and it changes nothing.
 */
import type { Finding, MachineSpec } from '../../../shared/index.ts';
import { checkBoard, checkFirmware, checkTimers } from './board.ts';
import { checkBootSigns } from './boot.ts';
import { checkContainer } from './container.ts';
import { checkConsole, checkDevices, checkDiscovery } from './devices.ts';
import { checkFeatures } from './features.ts';
import type { OptionContext } from './finding.ts';
import { checkNetwork } from './network.ts';
import { checkProcessor, checkRoot, checkSize } from './processor.ts';

export type { OptionContext } from './finding.ts';
export { fenceFindingCode, twinsMessage } from './network.ts';

/** All complaints, errors first. */
export function checkOptions(spec: MachineSpec, context: OptionContext): Finding[] {
  const findings = [
    ...checkFeatures(spec, context),
    ...checkBoard(spec),
    ...checkTimers(spec, context),
    ...checkFirmware(spec, context),
    ...checkDiscovery(spec, context),
    ...checkConsole(spec),
    ...checkProcessor(spec, context),
    ...checkRoot(spec),
    ...checkSize(spec, context),
    ...checkDevices(spec, context),
    ...checkNetwork(spec, context),
    ...checkContainer(spec),
    ...checkBootSigns(spec),
  ];
  return findings.sort((a, b) => Number(a.level !== 'error') - Number(b.level !== 'error'));
}
