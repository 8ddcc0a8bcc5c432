/**
 * A boot as it is drawn: where it was cut off, with the phase that it was in, up to the last that was seen of it.
 * Pure. Must never draw such a phase as one that came to its end, nor change what was measured.
 */
import {
  bootOutcome,
  hasBootTime,
  phaseInfo,
  phaseNames,
  sayReadySign,
  type BootTimeline,
  type PhaseName,
  type Run,
} from '../../shared/index.ts';

/** A timeline to draw. */
export interface ShownBoot extends BootTimeline {
  /** The last of its phases, where its end was not seen; `totalMs` is then only the end of the axis. */
  unfinished?: PhaseName;
  /** True where the total is not that of a boot, and nothing is a share of it. */
  untimed?: boolean;
}

/**
 * A run's boot to draw. @param toItsEnd whether a phase that was cut off is drawn to the end of the run; beside
 * another boot that would leave no room for what can be compared
 */
export function shownBoot(run: Run & { boot: BootTimeline }, toItsEnd = true): ShownBoot {
  const { boot } = run;
  if (hasBootTime(run)) return boot;
  const unfinished = nextPhase(boot);
  const endMs = Math.max(lastDetailMs(boot), toItsEnd ? endOfRunMs(run) : 0);
  if (unfinished === null || endMs <= boot.totalMs) return { ...boot, untimed: true };
  const phase = { name: unfinished, startMs: boot.totalMs, durationMs: endMs - boot.totalMs };
  return { ...boot, phases: [...boot.phases, phase], totalMs: endMs, unfinished, untimed: true };
}

/** When a part of the boot was seen last, milliseconds since the spawn. */
function lastDetailMs({ totalMs, details }: BootTimeline): number {
  return Math.max(totalMs, ...details.map(({ startMs, durationMs }) => startMs + durationMs));
}

/** When the run ended, if that cut the boot off; else 0. */
function endOfRunMs(run: Run & { boot: BootTimeline }): number {
  const { boot, end, endedAtMs, startedAtMs } = run;
  // After a deadline a run goes on for hours, and a guest with its own init may have been ready long ago.
  const cutOff = bootOutcome(run) === 'never-ready' && !boot.conditions.includes('deadline');
  const known = end?.kind !== 'lost' && !boot.conditions.includes('clock-set');
  return cutOff && known && endedAtMs !== null ? endedAtMs - startedAtMs : 0;
}

/** The phase that follows the last one that came to its end; null after them all. */
function nextPhase({ phases, conditions, sign }: BootTimeline): PhaseName | null {
  const last = phases.at(-1)?.name;
  switch (last) {
    case undefined:
      return 'process-start';
    case 'qmp':
      // Without a trace nobody sees the firmware end.
      return conditions.includes('no-trace') ? 'kernel' : 'firmware';
    case 'kernel-load':
      // Whether it unpacks itself is known only afterwards.
      return 'kernel';
    case 'kernel':
      return sign === 'command' ? 'initrd' : 'user-space';
    default:
      return phaseNames[phaseNames.indexOf(last) + 1] ?? null;
  }
}

/** The phase that ended with the sign of readiness although that is not its own end; null for none. */
export function phaseCutBySign({ phases, reached }: BootTimeline): PhaseName | null {
  const last = phases.at(-1)?.name ?? null;
  return reached === 'ready' && last !== 'user-space' ? last : null;
}

/** What happens in a phase of this boot, and by whose word its end is known: a sentence, and in a table's cell. */
export function phaseWords(
  boot: ShownBoot,
  name: PhaseName,
): { explanation: string; source: string; label: string } {
  const { title, explanation, source } = phaseInfo[name];
  if (boot.unfinished === name) {
    const end = 'Its end was not seen: this is how far it had come when the boot was last seen.';
    return { explanation, source: end, label: 'Unfinished' };
  }
  if (phaseCutBySign(boot) === name) {
    return {
      explanation:
        name === 'kernel'
          ? 'The kernel sets itself up; its first process was not seen before the machine was ready.'
          : `${title}, until the machine was ready.`,
      source: `Ends with the sign of readiness: ${sayReadySign(boot.sign)}.`,
      label: sourceLabels['user-space'],
    };
  }
  return { explanation, source, label: sourceLabels[name] };
}

/** By whose clock a phase's own end is known; the contract has the sentence. */
const sourceLabels: Record<PhaseName, string> = {
  'process-start': 'Nandu’s clock, ±1 ms',
  qmp: 'QEMU’s clock, ±1 µs',
  firmware: 'QEMU’s trace, ±1 µs',
  'kernel-load': 'QEMU’s trace, ±1 µs',
  decompression: 'Guest’s clock, some ms',
  kernel: 'Console line, some ms',
  initrd: 'QEMU’s clock, ±1 µs',
  'user-space': 'Its sign of readiness',
};
