/**
 * One program that the agent runs beside the container's command: a shell on a terminal, or a program on pipes.
 * Output is sent only as far as it is asked for, so that a flood waits in the guest and not here. Like any shell's, a
 * session ends with its program: what that leaves in the background goes on, but is not heard any more.
 */
import type { Socket } from 'node:net';
import { AppError } from '../../shared/index.ts';
import {
  decodeRecords,
  encodeFrame,
  encodeRecords,
  fromGuest,
  maxPayloadBytes,
  number32,
  toGuest,
  type Frame,
  type GuestRecord,
} from './frames.ts';
import { guestFailure } from './guest-failure.ts';

/** As the agent has it (session.c, MAX_PENDING): so much input it takes before it asks for more. */
const inputWindowBytes = 64 * 1024;
/** Input that waits for the guest; what is typed beyond it is dropped, as on a full line. */
const maxQueuedInputBytes = 16 * 1024 * 1024;

/** What to run. */
export interface SessionRequest {
  /** Empty for the user's shell, or Nandu's own where the image has none. */
  readonly words: readonly string[];
  /** Null to run on pipes. */
  readonly terminal: { readonly columns: number; readonly rows: number } | null;
  /** Null for the container's own. */
  readonly user?: string | null;
}

/** Who takes what a session gives. */
export interface SessionListener {
  output(data: Buffer, stream: 'output' | 'error'): void;
  /** Called once, at the end: the exit code, or why there is none. Nothing follows. */
  ended(exitCode: number | null, error: AppError | null): void;
}

/** A session of one agent. */
export class AgentSession {
  readonly id: number;
  readonly #socket: Socket;
  readonly #listener: SessionListener;
  #queued: Buffer[] = [];
  #queuedBytes = 0;
  #window = inputWindowBytes;
  /** So much output the guest may still send; what comes beyond it is no agent's doing. */
  #creditBytes = 0;
  readonly #misbehaved: () => void;
  #over = false;
  #closing = false;
  #inputEnds = false;

  /**
   * Asks the agent to start it.
   * @param creditBytes so much output is welcome at first.
   * @param misbehaved called when the guest sends more than was welcome.
   * @throws AppError `invalid_input` for a command line that is longer than a frame.
   */
  constructor(
    id: number,
    socket: Socket,
    request: SessionRequest,
    creditBytes: number,
    listener: SessionListener,
    misbehaved: () => void,
  ) {
    this.id = id;
    this.#misbehaved = misbehaved;
    this.#socket = socket;
    this.#listener = listener;
    const { words, terminal, user } = request;
    const records: GuestRecord[] = [
      ...words.map((word): GuestRecord => ['argument', word]),
      ...(terminal === null ? [] : [['terminal', `${terminal.columns} ${terminal.rows}`] as const]),
      ...(user == null ? [] : [['user', user] as const]),
    ];
    const encoded = encodeRecords(records);
    if (encoded.byteLength > maxPayloadBytes) {
      throw new AppError('invalid_input', 'That command line is too long: 64 KiB are the most.');
    }
    this.#send(toGuest.open, encoded);
    this.welcome(creditBytes);
  }

  /** So much more output is welcome. */
  welcome(bytes: number): void {
    if (bytes <= 0) return;
    this.#creditBytes += bytes;
    this.#send(toGuest.credit, number32(bytes));
  }

  /** For its standard input. */
  write(data: Buffer): void {
    if (this.#over || this.#queuedBytes + data.byteLength > maxQueuedInputBytes) return;
    this.#queued.push(data);
    this.#queuedBytes += data.byteLength;
    this.#pump();
  }

  /** Its standard input ends after what was written; that of a terminal does not (there Ctrl+D is typed). */
  end(): void {
    this.#inputEnds = true;
    this.#pump();
  }

  resize(columns: number, rows: number): void {
    const size = Buffer.alloc(4);
    size.writeUInt16LE(columns, 0);
    size.writeUInt16LE(rows, 2);
    this.#send(toGuest.size, size);
  }

  /** @param number as in signal(7). */
  signal(number: number): void {
    this.#send(toGuest.signal, Buffer.from([number]));
  }

  /** Ends it as closing a terminal does (SIGHUP). Its end is told when the guest has done so; no output is. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#send(toGuest.close);
  }

  /** What the guest says of it. */
  take({ type, payload }: Frame): void {
    if (this.#over) return;
    switch (type) {
      case fromGuest.output:
      case fromGuest.errorOutput:
        this.#creditBytes -= payload.byteLength;
        if (this.#creditBytes < 0) return this.#misbehaved();
        if (this.#closing) return;
        return this.#listener.output(payload, type === fromGuest.output ? 'output' : 'error');
      case fromGuest.wanted:
        if (payload.byteLength !== 4) return;
        this.#window = Math.min(inputWindowBytes, this.#window + payload.readUInt32LE(0));
        return this.#pump();
      case fromGuest.exited:
        return this.#finish(payload[0] ?? 0, null);
      case fromGuest.failed:
        return this.#finish(null, guestFailure(decodeRecords(payload)));
    }
  }

  /** The agent is gone. */
  lost(): void {
    this.#finish(
      null,
      new AppError('command_failed', 'The machine ended, and this program with it.'),
    );
  }

  get over(): boolean {
    return this.#over;
  }

  #pump(): void {
    while (this.#window > 0 && this.#queued.length > 0) {
      const [first = Buffer.alloc(0), ...rest] = this.#queued;
      const part = first.subarray(0, Math.min(this.#window, maxPayloadBytes));
      const left = first.subarray(part.byteLength);
      this.#queued = left.byteLength > 0 ? [left, ...rest] : rest;
      this.#queuedBytes -= part.byteLength;
      this.#window -= part.byteLength;
      this.#send(toGuest.input, part);
    }
    if (this.#inputEnds && this.#queued.length === 0) {
      this.#inputEnds = false;
      this.#send(toGuest.endInput);
    }
  }

  #send(type: number, payload?: Uint8Array): void {
    if (this.#over || this.#socket.destroyed) return;
    this.#socket.write(encodeFrame(type, this.id, payload));
  }

  #finish(exitCode: number | null, error: AppError | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#listener.ended(exitCode, error);
  }
}
