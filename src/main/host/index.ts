/** The host room: where things lie and what this computer has. */
export * from './paths.ts';
export * from './process-table.ts';
export * from './qemu-binary.ts';
export { examine, runDoctor } from './doctor.ts';
export type { DoctorFacts } from './facts/doctor-facts.ts';
export { gatherFacts, type DoctorInput } from './facts/gather.ts';
export { measureTscKHz } from './facts/tsc-rate.ts';
export { findProgram } from './facts/programs.ts';
