/**
 * Owns the secret values of machines: encrypted in the database, or in memory where the desktop has no store.
 * Must never write one that is not encrypted, nor put one into an error or a log.
 */
import type { MachineId, SecretStorage } from '../../shared/index.ts';
import { tryDecrypt, type Cipher } from './cipher.ts';
import type { NanduDatabase } from './database.ts';
import { SecretRepository } from './secret-repository.ts';

/** The secrets of all machines. Methods throw AppError as `NanduDatabase.run` does. */
export class SecretStore {
  readonly #cipher: Cipher;
  readonly #rows: SecretRepository;
  /** Of this session alone; newer than what the database has. */
  readonly #memory = new Map<MachineId, Map<string, string>>();

  constructor(database: NanduDatabase, cipher: Cipher) {
    this.#rows = new SecretRepository(database);
    this.#cipher = cipher;
  }

  get storage(): SecretStorage {
    return this.#cipher.available ? 'desktop' : 'session';
  }

  /**
   * @param values null removes one.
   * @throws AppError `not_found` when the machine does not exist; then nothing is kept.
   */
  set(machineId: MachineId, values: Readonly<Record<string, string | null>>): void {
    const entries = Object.entries(values);
    const canKeep = this.#cipher.available;
    // Without a store what is there is out of date, so it goes either way.
    const rows = entries.map(([name, value]): [string, Buffer | null] => [
      name,
      value === null || !canKeep ? null : this.#cipher.encrypt(value),
    ]);
    this.#rows.change(machineId, new Map(rows));
    const memory = this.#memory.get(machineId) ?? new Map<string, string>();
    for (const [name, value] of entries) {
      if (value === null || canKeep) memory.delete(name);
      else memory.set(name, value);
    }
    if (memory.size > 0) this.#memory.set(machineId, memory);
    else this.#memory.delete(machineId);
  }

  /** The names of those that have a value which can still be read. */
  names(machineId: MachineId): string[] {
    return Object.keys(this.valuesOf(machineId)).sort();
  }

  /** What the guest gets. One that cannot be decrypted any more is not in it, as if it had never been set. */
  valuesOf(machineId: MachineId): Record<string, string> {
    const values = new Map<string, string>();
    for (const { name, ciphertext } of this.#rows.list(machineId)) {
      const value = tryDecrypt(this.#cipher, ciphertext);
      if (value !== null) values.set(name, value);
    }
    for (const [name, value] of this.#memory.get(machineId) ?? []) values.set(name, value);
    return Object.fromEntries(values);
  }

  /** The machine is gone; what the database had of it went with it. */
  forget(machineId: MachineId): void {
    this.#memory.delete(machineId);
  }
}
