/**
 * Owns the public face of the boot room: marks in, phases out.
 * Must never export what only this room's own files need.
 */
export { EpochClock } from './clock.ts';
export { readProcessTicks, readProcStat, wasLoaded, type LoadSample } from './host-load.ts';
export { kernelLogEnd, maxKernelLogBytes, parseKernelLog, type KernelLog } from './kernel-log.ts';
export { ConsoleMarkScanner, type UserSpaceSource } from './console-marks.ts';
export { exportBoot, type ExportedBoot } from './export.ts';
export { BootWatch } from './boot-watch.ts';
export {
  parseTrace,
  TraceParser,
  type FwCfgSelectEvent,
  type RunstateEvent,
  type TraceEvent,
  type VirtioStatusEvent,
} from './trace.ts';
