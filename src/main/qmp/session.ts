/**
 * Owns one connection to a QEMU monitor: greeting, negotiation, commands, events, its end.
 * Must never outlive its socket with a promise unsettled, nor know what a machine is.
 */
import { createConnection, type Socket } from 'node:net';
import type { AppError } from '../../shared/index.ts';
import {
  parseReturn,
  type CommandArguments,
  type CommandName,
  type CommandReturn,
} from './commands.ts';
import { deferred, watchLimit } from './deferred.ts';
import {
  commandCutOff,
  commandExpired,
  connectFailed,
  endedEarly,
  ExpiredError,
  protocolError,
  socketError,
  unexpectedReturn,
  type ConnectStage,
  type EndReason,
} from './errors.ts';
import { EventHub, warnOfDefect, type DefectListener, type EventListener } from './event-hub.ts';
import { MessageFramer, type JsonObject } from './framing.ts';
import { parseGreeting, parseIncoming, type Greeting } from './messages.ts';
import { Outbox } from './outbox.ts';
import { PendingCalls, type CallLimits } from './pending-calls.ts';

/** sockaddr_un.sun_path holds 108 bytes with its NUL (unix(7)). */
const maxSocketPathBytes = 107;
const defaultDeadlineMs = 5_000;

/** What a connection may cost and whom it tells of defects. */
export interface ConnectOptions {
  /** Milliseconds for connect, greeting and negotiation together. Default 5,000. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Told of listeners that throw. Default: a process warning. */
  readonly onDefect?: DefectListener;
  /** Bound of one message from QEMU. Default 8 MiB. */
  readonly maxMessageBytes?: number;
}

/** Bounds of one command; the default deadline is 5,000 ms. */
export type ExecuteOptions = Partial<CallLimits>;

/** How a session ended; `error` says more when it was not in order. */
export interface SessionEnd {
  readonly reason: EndReason;
  readonly error: AppError | null;
}

type ExecuteRest<Name extends CommandName> =
  undefined extends CommandArguments<Name>
    ? [args?: CommandArguments<Name>, options?: ExecuteOptions]
    : [args: CommandArguments<Name>, options?: ExecuteOptions];

/** A negotiated QMP session (QEMU docs/interop/qmp-spec). */
export class QmpSession {
  /** Resolves once, when the descriptor is gone and every event was delivered; never rejects. */
  readonly closed: Promise<SessionEnd>;
  readonly #socket: Socket;
  readonly #framer: MessageFramer;
  readonly #outbox: Outbox;
  readonly #events: EventHub;
  readonly #calls = new PendingCalls();
  readonly #connected = deferred<null>();
  readonly #greeted = deferred<Greeting>();
  #greeting: Greeting | null = null;
  /** The first message is the greeting; `#greeting` itself is set a microtask later. */
  #sawGreeting = false;
  #end: SessionEnd | null = null;

  private constructor(socket: Socket, options: ConnectOptions) {
    this.#socket = socket;
    this.#framer = new MessageFramer(options.maxMessageBytes);
    this.#outbox = new Outbox(socket);
    this.#events = new EventHub(options.onDefect ?? warnOfDefect);
    // Awaited one after the other: the later one must not count as unhandled when the first fails.
    this.#connected.promise.catch(() => undefined);
    this.#greeted.promise.catch(() => undefined);
    socket.once('connect', () => this.#connected.resolve(null));
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.once('end', () => this.#peerClosed());
    socket.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
    this.closed = new Promise((resolve) => {
      socket.once('close', () => resolve(this.#finish('peer-closed', null)));
    });
  }

  /**
   * Connects, waits for the greeting and leaves negotiation mode. A failure leaves no descriptor.
   * @param socketPath of a Unix socket, at most 107 bytes.
   * @throws AppError `qmp_failed`, `qemu_timeout` or `cancelled`, with `details.stage` and, where the
   *   system said it, `details.errno`.
   */
  static async connect(socketPath: string, options: ConnectOptions = {}): Promise<QmpSession> {
    const { deadlineMs = defaultDeadlineMs, signal } = options;
    let stage: ConnectStage = 'connect';
    let session: QmpSession | null = null;
    const expired = deferred<never>();
    expired.promise.catch(() => undefined); // may fire when nobody races against it any more
    const dispose = watchLimit(deadlineMs, signal, (expiry) =>
      expired.reject(new ExpiredError(expiry)),
    );
    try {
      if (signal?.aborted === true) throw new ExpiredError('aborted');
      if (Buffer.byteLength(socketPath) > maxSocketPathBytes) {
        throw new Error(`the socket's path is longer than ${maxSocketPathBytes} bytes`);
      }
      session = new QmpSession(createConnection(socketPath), options);
      await Promise.race([session.#connected.promise, expired.promise]);
      stage = 'greeting';
      session.#greeting = await Promise.race([session.#greeted.promise, expired.promise]);
      stage = 'negotiation';
      // Its own deadline never fires: the race's is earlier, and closing the session settles it.
      const negotiated = session.executeRaw('qmp_capabilities', undefined, {
        deadlineMs: Infinity,
      });
      negotiated.catch(() => undefined); // as above
      await Promise.race([negotiated, expired.promise]);
      return session;
    } catch (error) {
      session?.close();
      await session?.closed;
      throw connectFailed(stage, socketPath, deadlineMs, error);
    } finally {
      dispose();
    }
  }

  /** What QEMU said first: its version and capabilities. */
  get greeting(): Greeting {
    if (this.#greeting === null)
      throw new Error('A session is only handed out once it is greeted.');
    return this.#greeting;
  }

  /**
   * Runs a command of the table and parses its answer. `quit` also resolves when QEMU hangs up.
   * @throws AppError `qmp_failed` with `details` {command, class, desc} when QEMU refuses it, or
   *   {command, reason} when the session is over; `qemu_timeout`; `cancelled`. A command that was
   *   given up may still have its effect.
   */
  async execute<Name extends CommandName>(
    command: Name,
    ...[args, options]: ExecuteRest<Name>
  ): Promise<CommandReturn<Name>> {
    const parsed = parseReturn(command, await this.executeRaw(command, args, options));
    if (!parsed.success) throw unexpectedReturn(command, parsed.error);
    return parsed.data;
  }

  /**
   * Runs any command; the answer is as QEMU sent it.
   * @throws AppError as {@link execute}.
   */
  async executeRaw(
    command: string,
    args?: Readonly<Record<string, unknown>>,
    { deadlineMs = defaultDeadlineMs, signal }: ExecuteOptions = {},
  ): Promise<unknown> {
    if (this.#end !== null) throw commandCutOff(command, this.#end.reason, this.#end.error);
    if (signal?.aborted === true) throw commandExpired(command, 'aborted', deadlineMs);
    const id = this.#calls.nextId();
    // First, because it throws for arguments that are not JSON.
    const line = JSON.stringify({ execute: command, arguments: args, id });
    const reply = this.#calls.add(id, command, { deadlineMs, signal }, () =>
      this.#outbox.withdraw(id),
    );
    this.#outbox.send(id, line);
    return reply;
  }

  /**
   * Subscribes. The first listener (and those added in the same turn) also gets, a microtask later,
   * the events that came before it, at most the latest 1,000.
   * @returns ends the subscription; may be called any number of times.
   */
  onEvent(listener: EventListener): () => void {
    return this.#events.add(listener);
  }

  /** Ends the session, not QEMU. May be called any number of times. */
  close(): void {
    this.#finish('closed-by-us', null);
  }

  #receive(chunk: Buffer): void {
    this.#framer.feed(chunk);
    try {
      for (;;) {
        // A listener may have closed the session: what follows is nobody's.
        const message = this.#end === null ? this.#framer.next() : null;
        if (message === null) return;
        this.#dispatch(message);
      }
    } catch (error) {
      this.#finish('protocol-error', error as AppError); // nothing else is thrown in here
    }
  }

  #dispatch(message: JsonObject): void {
    if (!this.#sawGreeting) {
      this.#greeted.resolve(parseGreeting(message));
      this.#sawGreeting = true;
      return;
    }
    const incoming = parseIncoming(message);
    if (incoming.kind === 'event') this.#events.emit(incoming.event);
    else this.#calls.settle(incoming.reply);
  }

  #peerClosed(): void {
    const cut = this.#framer.partialBytes > 0;
    this.#finish('peer-closed', cut ? protocolError('it hung up within a message') : null);
  }

  #failed(error: NodeJS.ErrnoException): void {
    this.#connected.reject(error);
    // The peer went without having read all we wrote. QEMU does so after every "quit": it stops
    // reading at the closing brace, before our newline. What it sent before has been delivered.
    if (error.code === 'EPIPE' || error.code === 'ECONNRESET') this.#peerClosed();
    else this.#finish('socket-error', socketError(error));
  }

  /** The one way out; only the first reason counts. */
  #finish(reason: EndReason, error: AppError | null): SessionEnd {
    if (this.#end !== null) return this.#end;
    this.#end = { reason, error };
    this.#socket.destroy();
    this.#connected.reject(endedEarly(reason, error));
    this.#greeted.reject(endedEarly(reason, error));
    this.#calls.endAll(reason, error);
    return this.#end;
  }
}
