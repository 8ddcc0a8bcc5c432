/**
 * Owns what is remembered of registries: a login, encrypted or for this session, and that one speaks plain HTTP.
 * Must never write a password that is not encrypted, nor hand one to anybody but who fetches.
 */
import type { RegistryEntry } from '../../shared/index.ts';
import { tryDecrypt, type Cipher } from './cipher.ts';
import type { NanduDatabase } from './database.ts';
import { RegistryRepository } from './registry-repository.ts';

/** Who signs in. */
interface Login {
  readonly user: string;
  readonly password: string;
}

/** What helps to fetch from a registry. */
export interface RegistryKnowledge {
  /** Null for nobody, or for one whose password cannot be decrypted any more. */
  readonly login: Login | null;
  readonly plainHttp: boolean;
}

/** All registries. Methods throw AppError as `NanduDatabase.run` does. */
export class RegistryStore {
  readonly #cipher: Cipher;
  readonly #rows: RegistryRepository;
  /** Of this session alone; newer than what the database has. */
  readonly #memory = new Map<string, Login>();

  constructor(database: NanduDatabase, cipher: Cipher) {
    this.#rows = new RegistryRepository(database);
    this.#cipher = cipher;
  }

  /** In the order of their names. */
  list(): RegistryEntry[] {
    const rows = this.#rows.list();
    const known = new Map<string, { plainHttp: boolean }>(rows.map((row) => [row.registry, row]));
    for (const registry of this.#memory.keys()) {
      if (!known.has(registry)) known.set(registry, { plainHttp: false });
    }
    return [...known]
      .map(([registry, { plainHttp }]) => ({
        ...{ registry, plainHttp },
        user: this.find(registry).login?.user ?? null,
      }))
      .sort((a, b) => (a.registry < b.registry ? -1 : 1));
  }

  find(registry: string): RegistryKnowledge {
    const row = this.#rows.list().find((one) => one.registry === registry);
    return {
      plainHttp: row?.plainHttp ?? false,
      login: this.#memory.get(registry) ?? this.#stored(row?.user, row?.ciphertext),
    };
  }

  rememberLogin(registry: string, { user, password }: Login): void {
    if (this.#cipher.available) {
      this.#rows.setLogin(registry, user, this.#cipher.encrypt(password));
      this.#memory.delete(registry);
    } else {
      this.#memory.set(registry, { user, password });
    }
  }

  allowPlainHttp(registry: string): void {
    this.#rows.allowPlainHttp(registry);
  }

  forget(registry: string): void {
    this.#memory.delete(registry);
    this.#rows.delete(registry);
  }

  #stored(user: string | null = null, ciphertext: Buffer | null = null): Login | null {
    if (user === null || ciphertext === null) return null;
    const password = tryDecrypt(this.#cipher, ciphertext);
    return password === null ? null : { user, password };
  }
}
