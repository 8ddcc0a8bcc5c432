/**
 * Speaks to Nandu's own PID 1 in the guest over a virtio-serial port: short lines with the init of a plain
 * machine, frames with the agent of a container. The guest is an attacker: what it sends is bounded and parsed,
 * and acted upon only as far as its own machine goes.
 */
import type { Socket } from 'node:net';
import { AppError } from '../../shared/index.ts';
import { AgentSession, type SessionListener, type SessionRequest } from './agent-session.ts';
import {
  commandSession,
  configurationFrames,
  decodeRecords,
  encodeFrame,
  FrameReader,
  fromGuest,
  maxSessions,
  number32,
  toGuest,
  type Frame,
  type GuestRecord,
} from './frames.ts';
import { guestFailure } from './guest-failure.ts';

const maxLineBytes = 1024;
/**
 * A guest that greets is about to start its shell; setting the size at that very moment made the
 * first prompt of an emulated guest 20 ms late.
 */
const settleMs = 250;
/** A guest that saw its last host go greets at once; one that did not is asked, and then asked again. */
const askGreetingMs = 1_000;
const plainGreeting = /(?:^|\n)hello 1(?: [^\n]*)?\n/;
const greetingStart = '\nhello 2 ';
const containerGreeting = /(?:^|\n)hello 2 [\d.]+ (waiting|running)\n/;

/** What a container's agent tells of its command. */
export interface ContainerListener {
  /** What to run; asked for when the guest waits for it. */
  configuration(): Promise<readonly GuestRecord[]>;
  /** The command runs; also told when a guest is met that runs already. */
  started(): void;
  /** @param memoryKills processes that the guest's kernel killed for want of memory; null where it does not say. */
  exited(exitCode: number, memoryKills: number | null): void;
  /** It never ran. */
  failed(error: AppError): void;
}

/** The host's end of the agent's port. */
export class AgentLink {
  readonly #socket: Socket;
  readonly #container: ContainerListener | null;
  readonly #sessions = new Map<number, AgentSession>();
  #pending = '';
  /** Null until a container's agent has greeted. */
  #frames: FrameReader | null = null;
  #greeted = false;
  /** Of the container's command. A guest can say each once; what it says again counts for nothing. */
  #command: 'waiting' | 'running' | 'over' = 'waiting';
  #stopAsked = false;
  #stopWanted: number | null = null;
  #asking: NodeJS.Timeout | null = null;
  #settling: NodeJS.Timeout | null = null;
  #size: readonly [columns: number, rows: number] | null = null;

  /**
   * @param socket connected; the link ends it when it is closed.
   * @param container null for a machine that runs none: then only the plain init is listened to.
   * @param met whether the guest has met a host before; it may not know yet that this is another one.
   */
  constructor(socket: Socket, container: ContainerListener | null = null, met = false) {
    this.#socket = socket;
    this.#container = container;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => undefined); // the port goes with its QEMU; "close" follows
    if (met && container !== null) {
      const ask = (): void => this.#send(encodeFrame(toGuest.hello, commandSession));
      this.#asking = setInterval(ask, askGreetingMs);
    }
    socket.once('close', () => {
      this.#endAsking();
      if (this.#settling !== null) clearTimeout(this.#settling);
      for (const session of this.#sessions.values()) session.lost();
    });
  }

  /** Whether an agent that speaks our protocol has answered; without one nothing is worth sending. */
  get present(): boolean {
    return this.#greeted && !this.#socket.destroyed;
  }

  /** Whether programs can be started beside the container's command. */
  get canRun(): boolean {
    return this.#command === 'running' && !this.#stopAsked && !this.#socket.destroyed;
  }

  /** Tells the guest how large the terminal is, once it has settled; its programs get SIGWINCH. */
  setSize(columns: number, rows: number): void {
    this.#size = [columns, rows];
    if (this.#greeted && this.#settling === null) this.#sendSize();
  }

  /**
   * Asks the guest to power off: now, or as soon as its agent greets.
   * @param graceMs until a container's command that goes on is killed.
   */
  powerOff(graceMs: number): void {
    this.#stopWanted = graceMs;
    if (this.present) this.#askToStop();
  }

  /**
   * Starts a program in the container.
   * @param creditBytes so much of its output is welcome before {@link AgentSession.welcome}.
   * @throws AppError `illegal_state` when no container runs, or too much runs in it already.
   */
  open(request: SessionRequest, creditBytes: number, listener: SessionListener): AgentSession {
    if (!this.canRun) {
      throw new AppError('illegal_state', 'No container runs in this machine now.');
    }
    let id = 1;
    while (this.#sessions.has(id)) id += 1;
    if (id >= maxSessions) {
      throw new AppError('illegal_state', 'Close a shell before you open another one.');
    }
    const session = new AgentSession(
      ...([id, this.#socket, request, creditBytes] as const),
      {
        output: (data, stream) => listener.output(data, stream),
        ended: (exitCode, error) => {
          this.#sessions.delete(id);
          listener.ended(exitCode, error);
        },
      },
      () => this.close(),
    );
    this.#sessions.set(id, session);
    return session;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#frames !== null) return this.#readFrames(chunk);
    this.#pending += chunk.toString('latin1');
    const greeting = (this.#container === null ? plainGreeting : containerGreeting).exec(
      this.#pending,
    );
    if (greeting === null) {
      this.#pending = this.#pending.slice(-maxLineBytes);
      return;
    }
    const after = this.#pending.slice(greeting.index + greeting[0].length);
    this.#pending = '';
    if (this.#container === null) return this.#greet();
    this.#greetContainer(this.#container, greeting[1] ?? '');
    if (after !== '') this.#readFrames(Buffer.from(after, 'latin1'));
  }

  #greet(): void {
    if (!this.#greeted) this.#settling = setTimeout(() => this.#settle(), settleMs);
    this.#greeted = true;
    if (this.#stopWanted !== null) this.#askToStop();
  }

  #endAsking(): void {
    if (this.#asking !== null) clearInterval(this.#asking);
    this.#asking = null;
  }

  #greetContainer(container: ContainerListener, state: string): void {
    this.#endAsking();
    this.#frames = new FrameReader();
    this.#greeted = true;
    if (this.#stopWanted !== null) return this.#askToStop();
    this.#sendSize();
    if (state === 'running') return this.#started();
    void this.#configure(container);
  }

  async #configure(container: ContainerListener): Promise<void> {
    try {
      const frames = configurationFrames(await container.configuration());
      if (!this.#socket.destroyed) this.#socket.write(frames);
    } catch (error) {
      // Nobody can tell it what to run any more: it ends, and says why.
      container.failed(
        error instanceof AppError
          ? error
          : new AppError('command_failed', 'The container could not be told what to run.'),
      );
      this.powerOff(0);
    }
  }

  #readFrames(chunk: Buffer): void {
    let frames: Frame[];
    try {
      frames = this.#frames?.push(chunk) ?? [];
    } catch {
      return this.#takeNoFrame();
    }
    for (const frame of frames) {
      if (frame.session === commandSession) this.#takeCommand(frame);
      else this.#sessions.get(frame.session)?.take(frame);
    }
  }

  /** An agent that takes us for another host greets again. Whatever else speaks there is none: it hears no more. */
  #takeNoFrame(): void {
    const rest = this.#frames?.rest.toString('latin1') ?? '';
    if (!rest.startsWith(greetingStart)) return this.close();
    this.#frames = null;
    for (const session of this.#sessions.values()) session.lost();
    this.#pending = '';
    this.#read(Buffer.from(rest, 'latin1'));
  }

  #takeCommand({ type, payload }: Frame): void {
    if (this.#command === 'over') return;
    switch (type) {
      case fromGuest.started:
        return this.#started();
      case fromGuest.exited:
        this.#command = 'over';
        return this.#container?.exited(
          payload[0] ?? 0,
          payload.byteLength >= 5 ? payload.readUInt32LE(1) : null,
        );
      case fromGuest.failed:
        this.#command = 'over';
        return this.#container?.failed(guestFailure(decodeRecords(payload)));
    }
  }

  #started(): void {
    if (this.#command !== 'waiting') return;
    this.#command = 'running';
    this.#container?.started();
  }

  #askToStop(): void {
    if (this.#frames === null) return this.#sendLine('poweroff');
    this.#stopAsked = true;
    // Never left out, however much waits before it: it is what everything else waits for.
    this.#socket.write(encodeFrame(toGuest.stop, commandSession, number32(this.#stopWanted ?? 0)));
  }

  #sendSize(): void {
    if (this.#size === null) return;
    const [columns, rows] = this.#size;
    if (this.#frames === null) return this.#sendLine(`size ${columns} ${rows}`);
    const size = Buffer.alloc(4);
    size.writeUInt16LE(columns, 0);
    size.writeUInt16LE(rows, 2);
    this.#send(encodeFrame(toGuest.size, commandSession, size));
  }

  #sendLine(line: string): void {
    this.#send(Buffer.from(`${line}\n`));
  }

  #send(bytes: Buffer): void {
    // A guest that reads nothing must not make us keep everything.
    if (this.#socket.destroyed || this.#socket.writableLength > 64 * 1024) return;
    this.#socket.write(bytes);
  }

  #settle(): void {
    this.#settling = null;
    this.#sendSize();
  }
}
