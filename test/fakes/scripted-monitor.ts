/**
 * A QMP server inside the test's process whose every byte the test decides.
 * Never answers anything that the test did not script.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What a client sent. */
export interface ReceivedCommand {
  readonly execute: string;
  readonly arguments?: Record<string, unknown>;
  readonly id: unknown;
}

export const greetingLine =
  '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": ""}, "capabilities": ["oob"]}}\r\n';

/** The server's end of one connection. */
export class ScriptedPeer {
  readonly socket: Socket;
  readonly #received: ReceivedCommand[] = [];
  readonly #waiting: ((command: ReceivedCommand) => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined); // a client that hangs up is part of many tests
    createInterface({ input: socket }).on('line', (line) => {
      const command = JSON.parse(line) as ReceivedCommand;
      const next = this.#waiting.shift();
      if (next === undefined) this.#received.push(command);
      else next(command);
    });
  }

  /** How many commands came that {@link command} has not handed out. */
  get unread(): number {
    return this.#received.length;
  }

  /** The next command of the client. */
  command(): Promise<ReceivedCommand> {
    const command = this.#received.shift();
    if (command !== undefined) return Promise.resolve(command);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  send(...messages: unknown[]): void {
    this.socket.write(messages.map((message) => `${JSON.stringify(message)}\r\n`).join(''));
  }

  /** Greets and accepts `qmp_capabilities`. */
  async negotiate(): Promise<void> {
    this.socket.write(greetingLine);
    const { id } = await this.command();
    this.send({ return: {}, id });
  }
}

/** Listens on a socket in a folder of its own. */
export class ScriptedMonitor {
  readonly path: string;
  readonly #server: Server;
  readonly #folder: string;
  readonly #peers: ScriptedPeer[] = [];

  private constructor(server: Server, folder: string, path: string) {
    this.#server = server;
    this.#folder = folder;
    this.path = path;
  }

  static async listen(): Promise<ScriptedMonitor> {
    const folder = await mkdtemp(join(tmpdir(), 'nandu-qmp-'));
    const path = join(folder, 'qmp.sock');
    const server = createServer();
    server.listen(path);
    await once(server, 'listening');
    return new ScriptedMonitor(server, folder, path);
  }

  /** The next connection. Call it before the client connects. */
  async peer(): Promise<ScriptedPeer> {
    const [socket] = (await once(this.#server, 'connection')) as [Socket];
    const peer = new ScriptedPeer(socket);
    this.#peers.push(peer);
    return peer;
  }

  /** Ends everything; the folder goes too. */
  async close(): Promise<void> {
    for (const peer of this.#peers) peer.socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true, force: true });
  }
}
