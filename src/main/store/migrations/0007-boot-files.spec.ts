import SqliteDatabase from 'better-sqlite3';
import { expect, it } from 'vitest';
import {
  bootTimelineSchema,
  defaultSpec,
  readySignOf,
  type MachineSpec,
} from '../../../shared/index.ts';
import { migrations } from './all.ts';
import { bootFiles } from './0007-boot-files.ts';

it('gives older boots the sign of the definition beside them, and leaves what cannot be read', () => {
  const database = new SqliteDatabase(':memory:');
  for (const { version, sql } of migrations) if (version < bootFiles.version) database.exec(sql);
  database.exec(`PRAGMA ignore_check_constraints = ON;
                 INSERT INTO machines (id, name, name_key, spec, created_at_ms, updated_at_ms)
                 VALUES ('m', 'm', 'm', '{}', 1, 1)`);
  const insert = database.prepare(
    `INSERT INTO runs (id, machine_id, number, started_at_ms, accelerator, qemu_version, argv, spec, boot)
     VALUES (@number, 'm', @number, 1, 'tcg', '7.2', '[]', @spec, @boot)`,
  );
  const spec: MachineSpec = { ...defaultSpec, name: 'm' };
  const specs: MachineSpec[] = [
    spec,
    { ...spec, devices: { ...spec.devices, agent: false } },
    { ...spec, container: { digest: 'x' } as unknown as MachineSpec['container'] },
    { ...spec, ready: { kind: 'console', text: 'login: ’' } },
    { ...spec, ready: { kind: 'port', port: 8080 } },
    { ...spec, ready: { kind: 'marker', name: 'up' } },
  ];
  const boot = { phases: [], totalMs: 5, reached: 'ready' };
  const rows: [spec: string | null, boot: string | null, sign: string | undefined][] = [
    ...specs.map((one): [string, string, string] => [
      ...([JSON.stringify(one), JSON.stringify(boot), readySignOf(one)] as const),
    ]),
    // A definition of the first Nandu, which had neither signs nor a choice of devices.
    ['{"name":"m"}', JSON.stringify(boot), 'agent'],
    [null, JSON.stringify(boot), undefined],
    ['{', JSON.stringify(boot), undefined],
  ];
  rows.forEach(([of, kept], index) => insert.run({ number: index + 1, spec: of, boot: kept }));
  const unreadable = ['{"phases":', null, '7'];
  unreadable.forEach((kept, index) =>
    insert.run({ number: rows.length + index + 1, spec: JSON.stringify(spec), boot: kept }),
  );
  database.exec(bootFiles.sql);
  const found = database.prepare('SELECT boot, boot_files FROM runs ORDER BY number').all() as {
    boot: string | null;
    boot_files: string | null;
  }[];
  const signs = found
    .slice(0, rows.length)
    .map((row) => bootTimelineSchema.parse(JSON.parse(row.boot ?? '')).sign);
  expect(signs).toEqual(rows.map(([, , sign]) => sign));
  expect(found.slice(rows.length).map((row) => row.boot)).toEqual(unreadable);
  expect(new Set(found.map((row) => row.boot_files))).toEqual(new Set([null]));
});
