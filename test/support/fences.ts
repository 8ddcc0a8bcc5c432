/** Finds the processes of fenced machines, as the system has them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MachineId } from '../../src/shared/index.ts';
import type { Services } from './services.ts';

/** Every slirp4netns that serves a run below a folder. */
export function fencesBelow(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words[0]?.endsWith('slirp4netns') && words.some((word) => word.includes(folder));
      } catch {
        return false; // it is gone
      }
    })
    .map(Number);
}

/** QEMU's, by the machine's launch record. */
export function runningPid(services: Services, id: MachineId): number {
  const { run } = services.manager.get(id);
  const record = join(services.paths.runtime, run?.id ?? '', 'launch.json');
  return (JSON.parse(readFileSync(record, 'utf8')) as { pid: number }).pid;
}
