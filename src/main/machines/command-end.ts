/**
 * Says how a container's command ended: what its exit code stands for, and whether the guest had too little memory.
 * Pure; a guest's claims about its own command are repeated, never acted upon.
 */
import { constants } from 'node:os';

/** What the agent told of it. */
export interface CommandEnd {
  readonly exitCode: number;
  /** Processes that the guest's kernel killed for want of memory; null where nobody counted. */
  readonly memoryKills: number | null;
}

/** How the command ended and, where something can be done about it, what. */
export function commandEnded({ exitCode, memoryKills }: CommandEnd): string {
  const kills = memoryKills ?? 0;
  const processes = kills === 1 ? 'a process' : `${kills} processes`;
  return [
    exitCode === 0
      ? 'The command ended.'
      : `The command ended with exit code ${exitCode}${meaningOf(exitCode)}.`,
    kills > 0
      ? `The guest ran out of memory and its kernel killed ${processes}: give the machine more memory.`
      : '',
  ]
    .filter(Boolean)
    .join(' ');
}

/** Above 128 a signal ended it, or something that it waited for, as shells have it (POSIX 2.8.2). */
function meaningOf(exitCode: number): string {
  if (exitCode === 126) return ': a program could not be executed';
  if (exitCode === 127) return ': a program was not found';
  const number = exitCode - 128;
  const name = signalNames.get(number);
  if (name === undefined) return '';
  const why = causes[name];
  return `: ${why === undefined ? '' : `${why}, `}signal ${number} (${name})`;
}

const signalNames = new Map(Object.entries(constants.signals).map(([name, at]) => [at, name]));

const causes: Partial<Record<string, string>> = {
  SIGKILL: 'it was killed',
  SIGTERM: 'it was asked to end',
  SIGINT: 'it was interrupted',
  SIGHUP: 'its terminal was hung up',
  SIGSEGV: 'it reached for memory that is not its own',
  SIGBUS: 'it reached for memory that is not there',
  SIGFPE: 'it calculated what cannot be',
  SIGILL: 'it used an instruction that the machine’s CPU model does not have',
  SIGABRT: 'it gave up by itself',
  SIGSYS: 'it made a system call that is forbidden',
};

/**
 * What the agent told on the console, for a Nandu that did not hear it. The command can print the same; it then
 * lies about nothing but itself.
 */
export function commandEndIn(lines: readonly string[]): CommandEnd | null {
  const last = lines.slice(-20);
  const exitCode = lastNumber(last, /^nandu: the command ended with exit code (\d{1,3})$/);
  if (exitCode === null || exitCode > 255) return null;
  const kills = /^nandu: the kernel ended (\d{1,9}) of its processes for want of memory$/;
  return { exitCode, memoryKills: lastNumber(last, kills) };
}

function lastNumber(lines: readonly string[], pattern: RegExp): number | null {
  const found = lines
    .map((line) => pattern.exec(line)?.[1])
    .findLast((number) => number !== undefined);
  return found === undefined ? null : Number(found);
}
