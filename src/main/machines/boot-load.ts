/**
 * Measures what Linux's counters tell of a boot's surroundings: other programs' load, and cold files.
 * What cannot be found out is null; nothing here ever fails a start.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readProcessTicks, readProcStat, wasLoaded, type LoadSample } from '../boot/index.ts';

/** Linux's USER_HZ, in which /proc counts (proc(5)); 100 on x86. */
const ticksPerSecond = 100;
const fincoreDeadlineMs = 500;
/** Less of a file in the page cache than this makes it cold. After a boot it was seen to be 98 % and more. */
const warmShare = 0.9;

/** Watches the processors from now on. @returns whether others took much of them since, see {@link wasLoaded}. */
export function watchLoad(pid: number): () => boolean | null {
  const before = sample(pid);
  return () => {
    const after = sample(pid);
    return before === null || after === null ? null : wasLoaded(before, after);
  };
}

function sample(pid: number): LoadSample | null {
  try {
    const all = readProcStat(readFileSync('/proc/stat', 'latin1'));
    const qemu = readProcessTicks(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    if (all === null || qemu === null) return null;
    const { user, system } = process.cpuUsage();
    return { ...all, own: qemu + ((user + system) / 1e6) * ticksPerSecond };
  } catch {
    return null; // it ended, or this system hides its counters
  }
}

/** Whether one of the files is not in the page cache, so that it has to be read from the disk; null where fincore(1) cannot tell. */
export function areCold(files: readonly string[]): Promise<boolean | null> {
  const options = { timeout: fincoreDeadlineMs, env: { ...process.env, LC_ALL: 'C' } };
  const words = ['--bytes', '--noheadings', '--raw', '--output', 'RES,SIZE', '--', ...files];
  return new Promise((resolve) => {
    execFile('fincore', words, options, (error, output) => {
      resolve(error === null ? readFincore(output, files.length) : null);
    });
  });
}

/** @param output a line “resident size” in bytes for each file. */
export function readFincore(output: string, fileCount: number): boolean | null {
  const lines = output.trim().split('\n');
  const pairs = lines.map((line) => /^\s*(\d+)\s+(\d+)\s*$/.exec(line)?.slice(1).map(Number));
  if (pairs.length !== fileCount || !pairs.every((pair) => pair !== undefined)) return null;
  return pairs.some(([resident = 0, size = 0]) => resident < size * warmShare);
}
