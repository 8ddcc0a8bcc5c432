/** The qemu room: command lines, processes, the KVM probe and the stop ladder. */
export {
  agentPortId,
  buildArgv,
  throttleGroupOf,
  throttleLimits,
  traceEvents,
  type LaunchPlan,
} from './argv.ts';
export {
  folderTag,
  transportIn,
  transportOf,
  type ContainerDevices,
  type FolderTransport,
  type SharedFolder,
} from './container-devices.ts';
export { commandDifference } from './command-difference.ts';
export { hostNameOf, timingOptions } from './kernel-command-line.ts';
export { confine, hasUserManager } from './scope.ts';
export { shellScript } from './shell-script.ts';
export { probeKvm, type KvmProbeTarget, type KvmVerdict } from './kvm-probe.ts';
export {
  spawnQemu,
  watchProcess,
  type Enclosure,
  type ProcessExit,
  type QemuProcess,
} from './process.ts';
export { climb, type Rung } from './stop-ladder.ts';
export {
  probeCapabilities,
  qemuCapabilitiesSchema,
  type ProbeOptions,
  type QemuCapabilities,
} from './capabilities.ts';
export { describeMissing, missingFeatures } from './missing-features.ts';
