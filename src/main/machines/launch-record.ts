/**
 * What is written beside a running QEMU so that a later Nandu can find it again.
 * A record proves nothing by itself: process start time and `query-uuid` must agree with it.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { acceleratorSchema, machineIdSchema, runIdSchema } from '../../shared/index.ts';

const launchRecordSchema = z.object({
  formatVersion: z.literal(1),
  runId: runIdSchema,
  machineId: machineIdSchema,
  uuid: z.uuid(),
  pid: z.int().positive(),
  startTicks: z.int().nonnegative(),
  /** What shares the machine's folders and ends with it. */
  folderServers: z
    .array(
      z.object({
        ...{ pid: z.int().positive(), startTicks: z.int().nonnegative(), folder: z.string() },
      }),
    )
    .default([]),
  /** Epoch milliseconds, the zero of the boot timeline. */
  spawnedAtMs: z.number(),
  argv: z.array(z.string()),
  /** Which Nandu's it is: two installations can share one folder for sockets. */
  database: z.string(),
  accelerator: acceleratorSchema,
  qemuVersion: z.string(),
  /** The machine's definition; unread unless the database has lost it. */
  spec: z.unknown(),
});
export type LaunchRecord = z.infer<typeof launchRecordSchema>;

/** Written whole or not at all. */
export async function writeLaunchRecord(path: string, record: LaunchRecord): Promise<void> {
  const temporary = `${path}.new`;
  await writeFile(temporary, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600, flush: true });
  await rename(temporary, path);
}

/** Null when there is none or it cannot be trusted; the machine is then not running as far as we know. */
export async function readLaunchRecord(path: string): Promise<LaunchRecord | null> {
  try {
    const parsed = launchRecordSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null; // missing or damaged: see above
  }
}
