/**
 * Owns the table of registries: who signs in there, and which may be spoken with unencrypted.
 * Must never see a password that is not encrypted.
 */
import type { Statement } from 'better-sqlite3';
import type { NanduDatabase } from './database.ts';

/** What is remembered of one registry. */
export interface RegistryRow {
  readonly registry: string;
  readonly user: string | null;
  readonly ciphertext: Buffer | null;
  readonly plainHttp: boolean;
}

type Stored = Omit<RegistryRow, 'plainHttp'> & { readonly plainHttp: number };

/** Every method throws AppError as `NanduDatabase.run` does. */
export class RegistryRepository {
  readonly #database: NanduDatabase;
  readonly #list: Statement<[], Stored>;
  readonly #setLogin: Statement<[string, string | null, Buffer | null]>;
  readonly #allowPlain: Statement<[string]>;
  readonly #delete: Statement<[string]>;

  constructor(database: NanduDatabase) {
    this.#database = database;
    const { connection } = database;
    this.#list = connection.prepare(
      'SELECT registry, user, ciphertext, plain_http AS plainHttp FROM registries ORDER BY registry',
    );
    this.#setLogin = connection.prepare(
      `INSERT INTO registries (registry, user, ciphertext) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET user = excluded.user, ciphertext = excluded.ciphertext`,
    );
    this.#allowPlain = connection.prepare(
      `INSERT INTO registries (registry, plain_http) VALUES (?, 1)
       ON CONFLICT DO UPDATE SET plain_http = 1`,
    );
    this.#delete = connection.prepare('DELETE FROM registries WHERE registry = ?');
  }

  /** In the order of their names. */
  list(): RegistryRow[] {
    return this.#database
      .run(() => this.#list.all())
      .map((row) => ({ ...row, plainHttp: row.plainHttp === 1 }));
  }

  /** @param ciphertext of the password. */
  setLogin(registry: string, user: string, ciphertext: Buffer): void {
    this.#database.run(() => this.#setLogin.run(registry, user, ciphertext));
  }

  allowPlainHttp(registry: string): void {
    this.#database.run(() => this.#allowPlain.run(registry));
  }

  delete(registry: string): void {
    this.#database.run(() => this.#delete.run(registry));
  }
}
