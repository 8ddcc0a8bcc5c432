/**
 * Owns the reading of a kernel's log that was taken with `initcall_debug`: named stretches, longest functions.
 * Must never trust the guest that sent it: what is not as Linux writes it is passed over, and what is kept is bounded.
 *
 * Linux 6.1 writes (init/main.c, `do_one_initcall`): `[    0.123456] calling  name+0x0/0x40 @ 1` and
 * `[    0.124000] initcall name+0x0/0x40 returned 0 after 4000 usecs`. Before the clock source has changed,
 * those microseconds are whole ticks of 4 ms; the difference of the two lines' own times is finer.
 */
import type { BootDetail } from '../../shared/index.ts';

/** A stretch of the kernel's log; seconds by the kernel's own clock. */
export interface KernelStretch {
  readonly kind: 'kernel' | 'initcall';
  readonly name: string;
  readonly startSeconds: number;
  readonly durationSeconds: number;
}

export type KernelLog = readonly KernelStretch[];

/** A Debian kernel's is some 150 KiB with `initcall_debug`; the kernel is told to keep 1 MiB. */
export const maxKernelLogBytes = 4 * 1024 * 1024;
/** Init closes its log with this line, so that Nandu need not wait for more. */
export const kernelLogEnd = 'nandu: end of the kernel log';
const maxInitcalls = 40;
/** Beside those: a module's function tells when its driver took its device, however long others took. */
const maxModuleInitcalls = 20;
const shortestInitcallSeconds = 0.001;
/**
 * The last number is the log's clock less the processor's counter, nanoseconds (Linux, kernel/sched/clock.c,
 * `__set_sched_clock_stable`): until then it stood still where no tick came.
 */
const stablePattern =
  /^sched_clock: Marking stable \(-?\d{1,15}, -?\d{1,15}\)->\(-?\d{1,15}, -(\d{1,15})\)$/;
const mostLostSeconds = 60;
/** Functions that were called and have not returned; some run beside others. */
const maxOpenCalls = 256;

const linePattern = /^(?:<\d{1,4}>)?\[ {0,8}(\d{1,7}\.\d{6})\](?:\[[ \w]{1,12}\])? (.{1,400})/;
const callPattern = /^calling {1,2}([\w.]{1,90})\+0x[\w/]{1,40}( \[[\w-]{1,60}\])? @ (\d{1,10})$/;
const returnPattern =
  /^initcall ([\w.]{1,90})\+0x[\w/]{1,40}( \[[\w-]{1,60}\])? returned -?\d{1,10} after (\d{1,12}) usecs/;

/** The moments between which the stretches lie; the first line of each counts. */
const moments = {
  console: /^(?:Console: |printk: (?:legacy )?(?:boot)?console \[)/,
  processors: /^smp: Bringing up secondary CPUs/,
  processorsUp: /^smp: Brought up /,
  unpacking: /^(?:Trying to unpack rootfs image as initramfs|Unpacking initramfs)/,
  unpacked: /^Freeing initrd memory/,
  freeing: /^Freeing unused (?:kernel image|decrypted memory)/,
  init: /^Run \/\S* as init process/,
} as const;
type Moment = keyof typeof moments;
const momentNames = Object.keys(moments) as Moment[];

const stretches: readonly { name: string; from: Moment | 'start'; to: readonly Moment[] }[] = [
  { name: 'Early setup', from: 'start', to: ['console', 'processors', 'freeing'] },
  { name: 'Clocks and memory', from: 'console', to: ['processors'] },
  { name: 'Other processors', from: 'processors', to: ['processorsUp'] },
  { name: 'Init functions', from: 'processorsUp', to: ['freeing', 'init'] },
  { name: 'Unpacking the initrd', from: 'unpacking', to: ['unpacked'] },
  { name: 'Freeing memory', from: 'freeing', to: ['init'] },
];

/** @param text at most {@link maxKernelLogBytes}, as `dmesg` prints it, with or without levels. */
export function parseKernelLog(text: string): KernelLog {
  const at = new Map<Moment | 'start', number>();
  const calls = new Map<string, number>();
  let initcalls: KernelStretch[] = [];
  let firstCallSeconds = Infinity;
  let lostSeconds: number | null = null;
  for (const line of text.slice(0, maxKernelLogBytes).split('\n')) {
    const [, time, said] = linePattern.exec(line) ?? [];
    if (time === undefined || said === undefined) continue;
    const seconds = Number(time);
    if (!at.has('start')) at.set('start', seconds);
    const call = callPattern.exec(said);
    if (call?.[1] !== undefined) {
      const name = call[1] + (call[2] ?? '');
      firstCallSeconds = Math.min(firstCallSeconds, seconds);
      if (calls.size < maxOpenCalls) calls.set(name, seconds);
      continue;
    }
    const returned = returnPattern.exec(said);
    if (returned?.[1] !== undefined) {
      const name = returned[1] + (returned[2] ?? '');
      const startSeconds = calls.get(name) ?? seconds - Number(returned[3]) / 1e6;
      calls.delete(name);
      const durationSeconds = seconds - startSeconds;
      if (durationSeconds < shortestInitcallSeconds || startSeconds < 0) continue;
      initcalls.push({ kind: 'initcall', name, startSeconds, durationSeconds });
      if (initcalls.length > 20 * maxInitcalls) initcalls = kept(initcalls);
      continue;
    }
    lostSeconds ??= lostOf(said);
    for (const moment of momentNames) {
      if (!at.has(moment) && moments[moment].test(said)) at.set(moment, seconds);
    }
  }
  // It stood still while the kernel patched itself, before it called functions and looked for other processors.
  const wentOnSeconds = Math.min(firstCallSeconds, at.get('processors') ?? Infinity);
  const counted = (seconds: number): number =>
    seconds >= wentOnSeconds ? seconds + (lostSeconds ?? 0) : seconds;
  const trueAt = new Map([...at].map(([moment, seconds]) => [moment, counted(seconds)] as const));
  const moved = kept(initcalls).map((initcall) => ({
    ...initcall,
    startSeconds: counted(initcall.startSeconds),
  }));
  return [...named(trueAt), ...moved];
}

function lostOf(said: string): number | null {
  const lost = stablePattern.exec(said)?.[1];
  const seconds = Number(lost) / 1e9;
  return lost === undefined || seconds > mostLostSeconds ? null : seconds;
}

/**
 * On the host's time.
 * @param kernelClockMs where the kernel's clock started, milliseconds since the spawn; null where nobody knows.
 * @param kernelEndMs when the first process was heard of: what the kernel did before it is not placed later.
 * @returns nothing without a clock: a guess would look like a measurement.
 */
export function placeKernelLog(
  log: KernelLog,
  kernelClockMs: number | null,
  kernelEndMs = Infinity,
): BootDetail[] {
  if (kernelClockMs === null) return [];
  const steps = log.filter(({ kind }) => kind === 'kernel');
  const lastMs = Math.max(
    ...steps.map(({ startSeconds, durationSeconds }) => (startSeconds + durationSeconds) * 1000),
  );
  const aheadMs = Math.max(0, kernelClockMs + lastMs - kernelEndMs);
  const micros = (ms: number): number => Math.round(ms * 1000) / 1000;
  return log.map(({ kind, name, startSeconds, durationSeconds }) => ({
    ...{ kind, name, startMs: micros(kernelClockMs - aheadMs + startSeconds * 1000) },
    durationMs: micros(durationSeconds * 1000),
  }));
}

function named(at: ReadonlyMap<Moment | 'start', number>): KernelStretch[] {
  return stretches.flatMap(({ name, from, to }) => {
    const startSeconds = at.get(from);
    const end = to.find((moment) => at.has(moment));
    const endSeconds = end === undefined ? undefined : at.get(end);
    if (startSeconds === undefined || endSeconds === undefined) return [];
    const durationSeconds = endSeconds - startSeconds;
    return durationSeconds <= 0 ? [] : [{ kind: 'kernel', name, startSeconds, durationSeconds }];
  });
}

/** In their order. */
function kept(initcalls: readonly KernelStretch[]): KernelStretch[] {
  const ofModules = initcalls.filter(({ name }) => name.endsWith(']'));
  const builtIn = initcalls.filter(({ name }) => !name.endsWith(']'));
  return [...longest(builtIn, maxInitcalls), ...longest(ofModules, maxModuleInitcalls)].sort(
    (one, other) => one.startSeconds - other.startSeconds,
  );
}

const longest = (initcalls: readonly KernelStretch[], count: number): KernelStretch[] =>
  initcalls.toSorted((one, other) => other.durationSeconds - one.durationSeconds).slice(0, count);
