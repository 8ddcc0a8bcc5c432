import SqliteDatabase from 'better-sqlite3';
import { expect, it } from 'vitest';
import { bootTimelineSchema } from '../../../shared/index.ts';

import { migrations } from './all.ts';
import { boots } from './0004-boots.ts';

it('keeps the boots of an older Nandu readable, damaged ones as they are', () => {
  const database = new SqliteDatabase(':memory:');
  for (const { version, sql } of migrations) if (version < boots.version) database.exec(sql);
  database.exec(`INSERT INTO machines (id, name, name_key, spec, created_at_ms, updated_at_ms)
                 VALUES ('m', 'm', 'm', '{}', 1, 1)`);
  const insert = database.prepare(
    `INSERT INTO runs (id, machine_id, number, started_at_ms, accelerator, qemu_version, argv, boot)
     VALUES (?, 'm', ?, 1, 'tcg', '7.2', '[]', ?)`,
  );
  const phases = [{ name: 'qemu-start', startMs: 0, durationMs: 5 }];
  insert.run('a', 1, JSON.stringify({ phases, totalMs: 5, reached: 'partial' }));
  insert.run('b', 2, null);
  database.exec(boots.sql);
  const rows = database.prepare('SELECT boot, note, baseline FROM runs ORDER BY number').all() as {
    boot: string | null;
  }[];
  expect(rows[1]).toEqual({ boot: null, note: '', baseline: 0 });
  expect(bootTimelineSchema.parse(JSON.parse(rows[0]?.boot ?? ''))).toEqual({
    phases: [{ name: 'process-start', startMs: 0, durationMs: 5 }],
    ...{ totalMs: 5, reached: 'partial', details: [], conditions: [], kernelClockMs: null },
  });
});
