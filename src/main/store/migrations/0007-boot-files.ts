/**
 * Owns the seventh layout: what a run's kernel and initrd were, and by which sign each kept boot was ready.
 * Must never change once released: a later layout is a later migration.
 */
import type { Migration } from './migration.ts';

/**
 * Boots did not say their sign, but the definition beside them does, in the words of `readySignOf`. Where there is
 * none, or what is there cannot be read, a boot stays without.
 */
export const bootFiles: Migration = {
  version: 7,
  sql: `
    ALTER TABLE runs ADD COLUMN boot_files TEXT CHECK (json_valid(boot_files));
    UPDATE runs SET boot = json_set(boot, '$.sign',
      CASE coalesce(json_extract(spec, '$.ready.kind'), 'automatic')
        WHEN 'console' THEN 'console ' || json_extract(spec, '$.ready.text')
        WHEN 'port' THEN 'port ' || json_extract(spec, '$.ready.port')
        WHEN 'marker' THEN 'marker ' || json_extract(spec, '$.ready.name')
        ELSE CASE
          WHEN json_type(spec, '$.container') = 'object' THEN 'command'
          WHEN json_extract(spec, '$.devices.agent') = 0 THEN 'init'
          ELSE 'agent'
        END
      END)
      WHERE CASE WHEN json_valid(boot) AND json_valid(spec)
        THEN json_type(boot) = 'object' AND json_type(spec) = 'object' ELSE 0 END;
  `,
};
