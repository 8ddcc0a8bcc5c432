/**
 * Ends boots that a lab left running when its Nandu died, and removes what they left: nobody waits for them any more.
 * Must never end a process that is not proved to be one.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runIdSchema, type RunId } from '../../shared/index.ts';
import { endServer } from '../folders/index.ts';
import { findByCommand, isAlive, runFiles, runsWith, type Paths } from '../host/index.ts';
import { readLaunchRecord } from '../machines/index.ts';
import { readMark } from './lab-mark.ts';

/**
 * @param owner whose boots count; their very command must agree as well, and the start time where it is known.
 */
export async function endLeftovers(
  paths: Paths,
  owner: string,
  onProblem: (error: unknown) => void,
): Promise<void> {
  const found = await Promise.all(
    [paths.runtime, join(paths.state, 'runs')].map((folder) => namesIn(folder)),
  );
  for (const name of new Set(found.flat())) {
    const id = runIdSchema.safeParse(name);
    if (id.success) await endLeftover(paths, id.data, owner, onProblem);
  }
}

async function endLeftover(
  paths: Paths,
  id: RunId,
  owner: string,
  onProblem: (error: unknown) => void,
): Promise<void> {
  const files = runFiles(paths, id);
  const record = await readLaunchRecord(files.launchRecord);
  const mark = await readMark(files);
  const isRecorded = record?.database === owner && record.runId === id;
  if (!isRecorded && mark?.owner !== owner) return;
  if (isRecorded) {
    if (isAlive(record) && runsWith(record.pid, record.argv)) end(record.pid, onProblem);
    record.folderServers.forEach(endServer);
  } else if (record === null && mark !== null) {
    // Nandu died after QEMU had been started, and before that was written down.
    const identity = findByCommand(mark.argv);
    if (identity !== null) end(identity.pid, onProblem);
  }
  for (const folder of [files.runDirectory, files.logDirectory]) {
    await rm(folder, { recursive: true, force: true }).catch(onProblem);
  }
}

function end(pid: number, onProblem: (error: unknown) => void): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') onProblem(error);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []; // nothing ever ran there
    throw error;
  });
}
