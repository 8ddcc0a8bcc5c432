/**
 * Ends boots that a lab left running when its Nandu died: nobody waits for them any more.
 * Must never end a process that is not proved to be one.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runIdSchema } from '../../shared/index.ts';
import { isAlive, runsWith } from '../host/index.ts';
import { readLaunchRecord } from '../machines/index.ts';

/**
 * @param runtime the folder of all runs' folders.
 * @param owner whose records count; pid, start time and the very command must agree as well.
 */
export async function endLeftovers(
  runtime: string,
  owner: string,
  onProblem: (error: unknown) => void,
): Promise<void> {
  const names = await readdir(runtime).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []; // nothing ever ran since the computer was started
    throw error;
  });
  for (const name of names) {
    if (!runIdSchema.safeParse(name).success) continue;
    const folder = join(runtime, name);
    const record = await readLaunchRecord(join(folder, 'launch.json'));
    if (record?.database !== owner || record.runId !== name) continue;
    if (isAlive(record) && runsWith(record.pid, record.argv)) {
      try {
        process.kill(record.pid, 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') onProblem(error);
      }
    }
    await rm(folder, { recursive: true, force: true }).catch(onProblem);
  }
}
