/**
 * Owns the public face of the store: open the database, then make the repositories.
 * Must never export SQL or the connection.
 */
export { backUp } from './backup.ts';
export { openDatabase, type DatabaseOptions, type NanduDatabase } from './database.ts';
export {
  JournalRepository,
  journalEntriesKept,
  type NewJournalEntry,
} from './journal-repository.ts';
export {
  MachineRepository,
  nameKey,
  type MachineListing,
  type NewMachine,
  type StoredMachine,
} from './machine-repository.ts';
export { sessionOnly, type Cipher } from './cipher.ts';
export { ExperimentRepository, type ListedExperiment } from './experiment-repository.ts';
export { ProbeRepository } from './probe-repository.ts';
export { openOrRecover, type Recovery, type RecoveryOptions } from './recovery.ts';
export type { RowProblem } from './rows.ts';
export { RegistryStore, type RegistryKnowledge } from './registry-store.ts';
export { RunRepository, type NewRun } from './run-repository.ts';
export { SecretStore } from './secret-store.ts';
export { SettingsRepository } from './settings-repository.ts';
export { upgradeSpec } from './spec-upgrade.ts';
export {
  mayWorkLater,
  WriteQueue,
  type StartTimer,
  type WriteQueueOptions,
} from './write-queue.ts';
