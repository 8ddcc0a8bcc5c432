/** The network room: fences, forwarded ports, and who has a port of this computer. */
export { Fence } from './fence.ts';
export { tryFence, type FenceAvailability, type FenceTools } from './fence-tools.ts';
export {
  collide,
  effectiveForwards,
  inOrderOf,
  netdevId,
  netdevValue,
  secondOfTwins,
  without,
} from './forwards.ts';
export type { NetworkMonitor } from './passt-exchange.ts';
export { PasstNetwork, type PasstNetworkParts } from './passt-network.ts';
export { findPasst, PasstSocket, untilPasstIsGone } from './passt-process.ts';
export { tryPasst, type PasstAvailability } from './passt-trial.ts';
export { passtHub, passtNetdev, secondOfPort, startedWithPasst } from './passt-words.ts';
export { findHolder, tryPort, type PortHolder } from './ports.ts';
export { RunningForwards, type HumanMonitor } from './running-forwards.ts';
export { SlirpApi, untilSocketIsGone } from './slirp-api.ts';
