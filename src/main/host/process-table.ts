/**
 * What the kernel says about a process, so that a pid is never taken for what it once was.
 * Reads /proc only; it never signals anything.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** A process's identity: a pid is reused, the pair with its start time is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot (field 22 of /proc/PID/stat, proc(5)). */
  readonly startTicks: number;
}

/** The identity of a live process, or null when there is none (zombies count as gone). */
export function identifyProcess(pid: number): ProcessIdentity | null {
  const found = readStat(pid);
  return found === null ? null : { pid, startTicks: found.startTicks };
}

/** Whether this very process still lives. */
export function isAlive(identity: ProcessIdentity): boolean {
  return readStat(identity.pid)?.startTicks === identity.startTicks;
}

/** Whether this very process was stopped by a signal, SIGSTOP say. */
export function isSuspended(identity: ProcessIdentity): boolean {
  const found = readStat(identity.pid);
  return found?.startTicks === identity.startTicks && /^[Tt]$/.test(found.state);
}

/** The command a process was started with, or null when there is none or it is not ours to read. */
export function commandOf(pid: number): string[] | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return null; // no such process, which is an answer
  }
}

/**
 * Whether a process runs with the words that a command gave it. The program itself may be another: a wrapper
 * that was started by its name executes the real one.
 */
export function runsWith(pid: number, argv: readonly string[]): boolean {
  const words = argv.slice(1);
  const found = commandOf(pid);
  return (
    found !== null &&
    found.length > words.length &&
    JSON.stringify(found.slice(-words.length)) === JSON.stringify(words)
  );
}

/** The one process that was started with exactly this command, or null when there is none, or more. */
export function findByCommand(argv: readonly string[]): ProcessIdentity | null {
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => runsWith(pid, argv));
  const [pid] = found;
  return pid === undefined || found.length > 1 ? null : identifyProcess(pid);
}

/** State and start time, or null for a process that is gone. */
function readStat(pid: number): { state: string; startTicks: number } | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null; // no such process, which is an answer
  }
  // The command in field 2 may hold blanks and parentheses: count from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0] ?? '';
  const startTicks = Number(fields[19]);
  if (state === 'Z' || state === 'X' || !Number.isSafeInteger(startTicks)) return null;
  return { state, startTicks };
}
