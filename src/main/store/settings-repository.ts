/**
 * Owns the one row of settings.
 * Must never stand in the way of a start: settings that cannot be read are reported and defaults serve.
 */
import type { Statement } from 'better-sqlite3';
import { defaultSettings, settingsSchema, type Settings } from '../../shared/index.ts';
import type { NanduDatabase } from './database.ts';
import { parseRow } from './rows.ts';

/** What a person chose. Both methods throw AppError as `NanduDatabase.run` does. */
export class SettingsRepository {
  readonly #database: NanduDatabase;
  readonly #get: Statement<[], string>;
  readonly #set: Statement<[string]>;

  constructor(database: NanduDatabase) {
    this.#database = database;
    const { connection } = database;
    this.#get = connection.prepare<[], string>('SELECT value FROM settings WHERE id = 1').pluck();
    this.#set = connection.prepare(
      'INSERT INTO settings (id, value) VALUES (1, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    );
  }

  /** The settings; what an older Nandu did not know yet has its default. */
  get(): Settings {
    const value = this.#database.run(() => this.#get.get());
    if (value === undefined) return defaultSettings;
    const parsed = parseRow('settings', '1', settingsSchema, () => ({
      ...defaultSettings,
      ...(JSON.parse(value) as object),
    }));
    if (parsed.ok) return parsed.value;
    this.#database.report(parsed.problem);
    return defaultSettings;
  }

  set(settings: Settings): void {
    this.#database.run(() => this.#set.run(JSON.stringify(settings)));
  }
}
