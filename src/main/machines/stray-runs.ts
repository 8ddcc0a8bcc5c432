/**
 * Finds machines that run although the database does not know of it, as after an older backup took a
 * damaged database's place. Only finds them: what was found is stored and adopted by others.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  machineSpecSchema,
  runIdSchema,
  type MachineSpec,
  type RunId,
} from '../../shared/index.ts';
import { isAlive, runsWith, type Paths } from '../host/index.ts';
import { readLaunchRecord, type LaunchRecord } from './launch-record.ts';

/** A process of ours that is in no table. */
export interface StrayRun {
  readonly record: LaunchRecord;
  readonly spec: MachineSpec;
}

/**
 * Looks through the folders of runs. A process counts as ours only if the record beside its sockets
 * names this database, and pid, start time and the very command agree with it.
 * @param onProblem told of folders that cannot be looked at; the others are.
 * @param isKnown whether the database has a run; those are {@link adoptRun}'s business.
 */
export async function findStrayRuns(
  paths: Paths,
  isKnown: (id: RunId) => boolean,
  onProblem: (error: unknown) => void,
): Promise<StrayRun[]> {
  const names = await readdir(paths.runtime).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []; // nothing ever ran since the computer was started
    throw error;
  });
  const found: StrayRun[] = [];
  for (const name of names) {
    const { success, data: runId } = runIdSchema.safeParse(name);
    if (!success || isKnown(runId)) continue;
    const record = await readLaunchRecord(join(paths.runtime, runId, 'launch.json'));
    if (record?.runId !== runId || record.database !== paths.database) continue;
    if (!isAlive(record)) {
      // Its end was nobody's business any more: what it left goes.
      await rm(join(paths.runtime, runId), { recursive: true, force: true }).catch(onProblem);
      continue;
    }
    const spec = machineSpecSchema.safeParse(record.spec);
    if (runsWith(record.pid, record.argv) && spec.success) found.push({ record, spec: spec.data });
  }
  return found;
}
