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
export { findHolder, tryPort, type PortHolder } from './ports.ts';
export { RunningForwards, type HumanMonitor } from './running-forwards.ts';
export { SlirpApi, untilSocketIsGone } from './slirp-api.ts';
