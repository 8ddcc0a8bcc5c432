/** The contract of both processes. Imports nothing but zod, so that either side can load it. */
export * from './channel-names.ts';
export * from './channels.ts';
export * from './command.ts';
export * from './console.ts';
export * from './doctor.ts';
export * from './errors.ts';
export * from './finding.ts';
export * from './host.ts';
export * from './ids.ts';
export * from './journal.ts';
export * from './machine-spec.ts';
export * from './machine.ts';
export * from './presets.ts';
export * from './qemu-features.ts';
export * from './run.ts';
export * from './settings.ts';
