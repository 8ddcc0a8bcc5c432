/** The machines room: definitions, lifecycle, supervision. */
export { examineHost } from './examine-host.ts';
export { HostEnvironment, type HostEnvironmentOptions } from './host-environment.ts';
export type { ConsoleHandle } from './console-handle.ts';
export { launch } from './launch.ts';
export { careFor } from './run-care.ts';
export { readLaunchRecord } from './launch-record.ts';
export { saving } from './run-keeper.ts';
export { Planner } from './planner.ts';
export { noContainers, type ContainerSource } from './container-plan.ts';
export { MachineManager, type MachineManagerOptions } from './manager.ts';
export { RunHistory, type RunHistoryOptions } from './run-history.ts';
export { KeptLastWords } from './once-ended.ts';
export { LeftDisks } from './left-disk.ts';
