/**
 * Measures what Linux's counters tell of a boot's surroundings: other programs' load, and files that were not in
 * the page cache. What cannot be found out is null; nothing here ever fails a start, or waits.
 */
import { readFileSync } from 'node:fs';
import { readProcessTicks, readProcStat, wasLoaded, type LoadSample } from '../boot/index.ts';

/** Linux's USER_HZ, in which /proc counts (proc(5)); 100 on x86. */
const ticksPerSecond = 100;
/** A warm start reads nothing at all from the disk; QEMU's own file alone, dropped, was seen to make 6.7 MB. */
const coldBytes = 1024 * 1024;

/** What the host was like during a boot. */
export interface HostWatch {
  /** Whether others took much of the processors until now, see {@link wasLoaded}. */
  loaded(): boolean | null;
  /** Whether QEMU had to fetch files from the disk until now: itself, the kernel, the initrd. */
  wasCold(): boolean | null;
}

/** Of a boot whose beginning nobody saw. */
export const nothingWatched: HostWatch = { loaded: () => null, wasCold: () => null };

/** Watches from now on. @param pid QEMU's, just spawned. */
export function watchHost(pid: number): HostWatch {
  const before = sample(pid);
  return {
    loaded: () => {
      const after = sample(pid);
      return before === null || after === null ? null : wasLoaded(before, after);
    },
    wasCold: () => {
      const bytes = readBytesIn(read(`/proc/${pid}/io`));
      return bytes === null ? null : bytes >= coldBytes;
    },
  };
}

/** @param text of /proc/PID/io. @returns what the process caused to be fetched from the storage layer (proc(5)). */
export function readBytesIn(text: string | null): number | null {
  const bytes = /^read_bytes: (\d{1,16})$/m.exec(text ?? '')?.[1];
  return bytes === undefined ? null : Number(bytes);
}

function sample(pid: number): LoadSample | null {
  const all = readProcStat(read('/proc/stat') ?? '');
  const qemu = readProcessTicks(read(`/proc/${pid}/stat`) ?? '');
  if (all === null || qemu === null) return null;
  const { user, system } = process.cpuUsage();
  return { ...all, own: qemu + ((user + system) / 1e6) * ticksPerSecond };
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null; // it ended, or this system hides its counters
  }
}
