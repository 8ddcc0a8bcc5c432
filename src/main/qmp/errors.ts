/**
 * Owns how every failure of the monitor is worded and which details it carries.
 * Must never look inside QEMU's `desc`: it is for people, and its wording changes between versions.
 */
import { AppError } from '../../shared/index.ts';

/** How far a connection came before it failed. */
export type ConnectStage = 'connect' | 'greeting' | 'negotiation';

/** How a session ended. */
export type EndReason = 'closed-by-us' | 'peer-closed' | 'protocol-error' | 'socket-error';

/** Why a wait was given up before its answer came. */
export type Expiry = 'deadline' | 'aborted';

const endWords: Record<EndReason, string> = {
  'closed-by-us': 'Nandu closed the connection',
  'peer-closed': 'QEMU closed the connection',
  'protocol-error': 'QEMU sent something that is not QMP',
  'socket-error': 'the connection failed',
};

/** A wait that was given up; becomes an `AppError` where the stage or the command is known. */
export class ExpiredError extends Error {
  readonly expiry: Expiry;

  constructor(expiry: Expiry) {
    super(expiry);
    this.name = 'ExpiredError';
    this.expiry = expiry;
  }
}

/** @param what follows "The monitor does not speak QMP: ". */
export function protocolError(
  what: string,
  { cause, line }: { cause?: unknown; line?: Uint8Array } = {},
): AppError {
  // A sample is enough to recognise what spoke, and keeps logs small.
  const sample = line === undefined ? {} : { sample: Buffer.from(line).toString('latin1', 0, 200) };
  return new AppError('qmp_failed', `The monitor does not speak QMP: ${what}.`, {
    cause,
    details: { ...sample },
  });
}

/** The socket failed under a session. */
export function socketError(cause: unknown): AppError {
  return new AppError('qmp_failed', `The connection to QEMU's monitor failed: ${textOf(cause)}.`, {
    cause,
    details: { errno: errnoOf(cause) },
  });
}

/** QEMU answered with an error; `class` is the part a program may switch on. */
export function commandRefused(command: string, error: { class: string; desc: string }): AppError {
  return new AppError('qmp_failed', `QEMU refused “${command}”: ${error.desc}`, {
    details: { command, class: error.class, desc: error.desc },
  });
}

/** QEMU answered, but not in the shape that its documentation gives. */
export function unexpectedReturn(command: string, cause: unknown): AppError {
  return new AppError('qmp_failed', `QEMU's answer to “${command}” is not understood.`, {
    cause,
    details: { command },
  });
}

/** No answer in time, or nobody wants it any more. */
export function commandExpired(command: string, expiry: Expiry, deadlineMs: number): AppError {
  const details = { command, deadlineMs };
  return expiry === 'aborted'
    ? new AppError('cancelled', `“${command}” was called off.`, { details: { command } })
    : new AppError('qemu_timeout', `QEMU did not answer “${command}” in ${seconds(deadlineMs)}.`, {
        details,
      });
}

/** The session ended before the answer came. */
export function commandCutOff(
  command: string,
  reason: EndReason,
  cause: AppError | null,
): AppError {
  return new AppError('qmp_failed', `“${command}” got no answer: ${endWords[reason]}.`, {
    cause: cause ?? undefined,
    details: { command, reason },
  });
}

/** The session ended before it was ready. */
export function endedEarly(reason: EndReason, cause: AppError | null): AppError {
  if (cause !== null) return cause;
  return new AppError('qmp_failed', `${capitalised(endWords[reason])}.`, { details: { reason } });
}

/** Names the stage at which a connection failed. */
export function connectFailed(
  stage: ConnectStage,
  path: string,
  deadlineMs: number,
  cause: unknown,
): AppError {
  const details = { stage, path };
  if (cause instanceof ExpiredError) {
    return cause.expiry === 'aborted'
      ? new AppError('cancelled', 'Connecting to QEMU was called off.', { cause, details })
      : new AppError('qemu_timeout', silence(stage, deadlineMs), {
          cause,
          details: { ...details, deadlineMs },
        });
  }
  if (cause instanceof AppError) {
    return new AppError(cause.code, cause.message, {
      cause: cause.cause ?? cause,
      details: { ...cause.details, ...details },
    });
  }
  const errno = errnoOf(cause);
  // A Unix socket's backlog that is full; QEMU's holds one, behind the client it serves.
  const busy = errno === 'EAGAIN' ? ` ${capitalised(anotherClient)}.` : '';
  return new AppError('qmp_failed', `QEMU's monitor cannot be reached: ${textOf(cause)}.${busy}`, {
    cause,
    details: { ...details, errno },
  });
}

const anotherClient = "another program may be connected to this machine's monitor";

function silence(stage: ConnectStage, deadlineMs: number): string {
  const time = seconds(deadlineMs);
  switch (stage) {
    case 'connect':
      return `QEMU did not open its monitor in ${time}.`;
    case 'greeting':
      // One monitor serves one client: QEMU's socket accepts a second, and leaves it waiting.
      return `QEMU's monitor accepted the connection but said nothing in ${time}: ${anotherClient}.`;
    case 'negotiation':
      return `QEMU's monitor greeted but did not answer in ${time}.`;
  }
}

function errnoOf(cause: unknown): string | null {
  return (cause as NodeJS.ErrnoException | null)?.code ?? null;
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
