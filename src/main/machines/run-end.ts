/**
 * Says how a run ended, from what was asked for, what QEMU announced and how the process went.
 * Pure, so that every ending has a test; it never decides what to do about it.
 */
import type { AppError, RunEnd } from '../../shared/index.ts';
import type { ProcessExit } from '../qemu/index.ts';
import { commandEnded, type CommandEnd } from './command-end.ts';

/** What was known when the process was gone. */
export interface Evidence {
  /** What Nandu had asked for, if anything. */
  readonly requested: 'stop' | 'force' | null;
  /** Whether the guest was asked to shut down; a paused one cannot be. */
  readonly guestAsked: boolean;
  /** The last rung that was tried, where a ladder was climbed. */
  readonly lastRung: string | null;
  /** QMP's SHUTDOWN event: `guest` and `reason` (qapi/run-state.json, ShutdownCause). */
  readonly shutdown: { readonly guest: boolean; readonly reason: string } | null;
  /** Null code and signal when the process was not our child. */
  readonly exit: ProcessExit;
  /** A GUEST_PANICKED event, or the kernel's own words on the console. */
  readonly panicked: boolean;
  /** Without ACPI a guest powers off by a reset. */
  readonly acpi: boolean;
  /** Whether its first process ran; true where that is not known. */
  readonly reachedUserSpace: boolean;
  /** What the agent told of a container's command: how it ended, or why it never ran. */
  readonly command: CommandEnd | { readonly error: AppError } | null;
  /** Whether it was to run a container whose command never began, as far as was watched from the start. */
  readonly neverRan: boolean;
  /** Whether Nandu stopped it because its time was over. */
  readonly lifetimeOver: boolean;
}

/** Classifies an ending. */
export function describeEnd(evidence: Evidence): RunEnd {
  const { requested, guestAsked, lastRung, shutdown, exit, panicked, acpi, reachedUserSpace } =
    evidence;
  const { command, lifetimeOver, neverRan } = evidence;
  const ended = command !== null && 'exitCode' in command ? command : null;
  const ourSignal =
    requested === 'force' || lastRung === 'killing'
      ? 'SIGKILL'
      : lastRung === 'terminating'
        ? 'SIGTERM'
        : null;
  if (exit.signal !== null && exit.signal !== ourSignal) {
    return end('qemu-exit', false, `QEMU was ended by ${exit.signal}, which Nandu did not send.`);
  }
  if (command !== null && 'error' in command && requested === null) {
    return end('command-failed', false, command.error.message);
  }
  if (lifetimeOver && requested !== 'force') {
    return withCode(end('lifetime-over', true, 'Stopped, because its time was over.'), ended);
  }
  if (requested === 'force') return end('killed', true, 'Stopped by force.');
  if (lastRung === 'killing') {
    return end('killed', true, 'Killed, because neither the guest nor QEMU ended when asked.');
  }
  if (panicked) {
    return end('guest-panic', false, 'The guest’s kernel panicked. Its last lines say why.');
  }
  const unheard = neverRan && command === null && requested === null && reachedUserSpace;
  if (unheard && shutdown?.guest === true) {
    return end(
      'command-failed',
      false,
      'The guest ended without having run its command. Its last lines say why.',
    );
  }
  if (ended !== null) {
    return requested === null
      ? withCode(end('command-ended', true, commandEnded(ended)), ended)
      : withCode(end('stopped', true, `Stopped. ${commandEnded(ended)}`), ended);
  }
  if (requested === 'stop') {
    if (shutdown?.guest === true) return end('stopped', true, 'The guest shut down when asked.');
    return guestAsked
      ? end('stopped', true, 'Stopped: the guest was not listening, so QEMU was ended.')
      : end('stopped', true, 'Stopped without asking the guest, which could not hear it.');
  }
  if (shutdown?.reason === 'guest-reset' && !reachedUserSpace) {
    return end(
      'guest-panic',
      false,
      'The guest restarted before its first process ran: its kernel could not start. Too little memory is a common cause.',
    );
  }
  if (shutdown?.reason === 'guest-reset') {
    return acpi
      ? end('guest-reset', true, 'The guest restarted.')
      : end(
          'guest-shutdown',
          true,
          'The guest powered off or restarted; without ACPI the two look the same.',
        );
  }
  if (shutdown?.guest === true) return end('guest-shutdown', true, 'The guest powered off.');
  if (exit.code !== null && exit.code !== 0) {
    return end('qemu-exit', false, `QEMU ended with exit code ${exit.code}.`);
  }
  if (shutdown !== null)
    return end('stopped', true, 'QEMU was asked to end from outside of Nandu.');
  if (exit.code === 0) return end('qemu-exit', false, 'QEMU ended without giving a reason.');
  return end('lost', false, 'QEMU is gone; nobody saw how it ended.');
}

/** Adds what the window shows of a command's end. */
export function withCode(run: RunEnd, command: CommandEnd | null): RunEnd {
  if (command === null) return run;
  const { exitCode, memoryKills } = command;
  return { ...run, exitCode, ...((memoryKills ?? 0) > 0 ? { outOfMemory: true } : {}) };
}

function end(kind: RunEnd['kind'], expected: boolean, message: string): RunEnd {
  return { kind, expected, message };
}
