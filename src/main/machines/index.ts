/** The machines room: definitions, lifecycle, supervision. */
export { examineHost } from './examine-host.ts';
export { HostEnvironment, type HostEnvironmentOptions } from './host-environment.ts';
export { MachineManager, type ConsoleHandle, type MachineManagerOptions } from './manager.ts';
