/**
 * Owns the judgement whether other programs took the processors from a boot.
 * Pure: whoever measures hands over two samples.
 */

/** All processor time since some moment in the past, in any one unit. */
export interface LoadSample {
  /** Of all processors, idle time included. */
  readonly total: number;
  readonly idle: number;
  /** Of QEMU and Nandu themselves. */
  readonly own: number;
}

/** Others' share of all processor time from which on a boot's figures say little. */
const muchShare = 0.25;
/** /proc/stat counts in hundredths of a second: over less than this many, a share is noise. */
const fewestTicks = 20;

/** @returns whether others took more than a quarter of all processor time; null where that cannot be told. */
export function wasLoaded(before: LoadSample, after: LoadSample): boolean | null {
  const total = after.total - before.total;
  const busy = total - (after.idle - before.idle);
  const own = after.own - before.own;
  if (!(total >= fewestTicks) || busy < 0 || own < 0) return null;
  return (busy - own) / total > muchShare;
}

/**
 * Reads proc(5)'s /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal; guests' time is in user's.
 * @returns ticks, null where it is something else.
 */
export function readProcStat(text: string): Pick<LoadSample, 'total' | 'idle'> | null {
  const fields = /^cpu +([\d ]+)$/m.exec(text)?.[1]?.trim().split(' ').slice(0, 8).map(Number);
  if (fields === undefined || fields.length < 5 || !fields.every(Number.isFinite)) return null;
  const [, , , idle = 0, waiting = 0] = fields;
  return { total: fields.reduce((sum, ticks) => sum + ticks, 0), idle: idle + waiting };
}

/** Reads the ticks that a process and its threads took from /proc/PID/stat (fields 14 and 15); null where it is something else. */
export function readProcessTicks(text: string): number | null {
  // The name in parentheses can hold anything, also parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? ticks : null;
}
