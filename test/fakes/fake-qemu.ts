/**
 * Starts the fake QEMU from tests and types its switches.
 * Never leaves a process or a folder behind once `dispose` was called.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectWithRetry, type QmpEvent, type QmpSession } from '../../src/main/qmp/index.ts';

/** An executable, to be given wherever a path of QEMU is wanted (`NANDU_QEMU`). */
export const fakeQemuPath = fileURLToPath(new URL('./fake-qemu.mjs', import.meta.url));

/** How to misbehave; test/fakes/fake-qemu/behaviour.mjs says what each switch does. */
export interface FakeQemuBehaviour {
  dieAt?:
    'start' | 'greeting' | 'mid-greeting' | 'query-machines' | 'after-cont' | { afterMs: number };
  exitCode?: number;
  signal?: NodeJS.Signals;
  stderr?: string;
  hangAt?: 'start' | 'help' | 'greeting' | 'capabilities' | 'query-machines' | 'cont' | 'quit';
  ignorePowerdown?: boolean;
  ignoreQuit?: boolean;
  ignoreSigterm?: boolean;
  splitUtf8?: boolean;
  floodBytes?: number;
  neverReady?: boolean;
  noAgent?: boolean;
  panic?: { afterMs: number };
  wrongUuid?: boolean;
  garbageQmp?: boolean | 'greeting' | 'after-cont';
  closeQmpAfterMs?: number;
  version?: string;
  lacks?: string[];
  answers?: Record<string, unknown>;
  dataFolder?: string;
  alsoWhenAsked?: boolean;
}

/** The environment variable that makes a fake behave so. */
export function fakeQemuEnvironment(behaviour: FakeQemuBehaviour): { NANDU_FAKE_QEMU: string } {
  return { NANDU_FAKE_QEMU: JSON.stringify(behaviour) };
}

/** What a chardev socket's client has read so far. */
export class Reader {
  readonly socket: Socket;
  bytes = 0;
  /** How many reads it took: shows that output came in pieces. */
  reads = 0;
  #chunks: Buffer[] = [];
  #wake: () => void = () => undefined;

  constructor(path: string) {
    this.socket = createConnection(path);
    this.socket.on('error', () => undefined); // a fake that dies; "close" follows
    this.socket.on('close', () => this.#wake());
    this.socket.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      this.reads += 1;
      this.#chunks.push(chunk);
      this.#wake();
    });
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  /** Waits until the text holds `wanted`; fails when the socket closes before. */
  until(wanted: string): Promise<void> {
    return this.#wait(() => this.text.includes(wanted), wanted);
  }

  /** Waits for so many bytes; for output that is too long to be looked through again and again. */
  untilBytes(count: number): Promise<void> {
    return this.#wait(() => this.bytes >= count, `${count} bytes`);
  }

  async #wait(done: () => boolean, what: string): Promise<void> {
    while (!done()) {
      if (this.socket.destroyed)
        throw new Error(`closed after ${this.bytes} bytes, before ${what}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** A running fake with Nandu's sockets in a folder of its own. */
export class FakeQemu {
  readonly child: ChildProcess;
  readonly folder = mkdtempSync(join(tmpdir(), 'nandu-fake-'));
  readonly uuid = '11111111-2222-4333-8444-555555555555';
  /** Resolves when the process is gone and its output was read. */
  readonly exited: Promise<{ code: number | null; signal: string | null; stderr: string }>;
  readonly #readers: Reader[] = [];
  #session: QmpSession | null = null;

  constructor(behaviour: FakeQemuBehaviour = {}) {
    this.child = spawn(process.execPath, [fakeQemuPath, ...this.#args()], {
      env: { ...process.env, ...fakeQemuEnvironment(behaviour) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    this.exited = new Promise((resolve) => {
      this.child.once('close', (code, signal) => resolve({ code, signal, stderr }));
    });
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  /** Waits for a file of the folder: `pid` once it runs, `qmp.sock` once a client can connect. */
  async has(name: 'pid' | 'qmp.sock'): Promise<void> {
    const endsAtMs = performance.now() + 10_000;
    while (!existsSync(this.file(name))) {
      if (performance.now() > endsAtMs) throw new Error(`The fake has made no “${name}”.`);
      await delay(2);
    }
  }

  /** Connects to the monitor as soon as it is there. */
  async qmp(deadlineMs = 10_000): Promise<QmpSession> {
    this.#session = await connectWithRetry(this.file('qmp.sock'), { deadlineMs });
    return this.#session;
  }

  /** Connects to a chardev; the monitor must have answered before. */
  read(name: 'console' | 'agent'): Reader {
    const reader = new Reader(this.file(`${name}.sock`));
    this.#readers.push(reader);
    return reader;
  }

  async dispose(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
    this.#session?.close();
    for (const { socket } of this.#readers) socket.destroy();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #args(): string[] {
    const socket = (id: string): string =>
      `socket,id=${id},path=${this.file(`${id}.sock`)},server=on,wait=off`;
    return [
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-name', 'guest=a,,b'],
      ...['-uuid', this.uuid, '-machine', 'microvm,acpi=on', '-m', '256M'],
      ...['-chardev', `${socket('console')},logfile=${this.file('console.log')},logappend=on`],
      ...['-serial', 'chardev:console', '-device', 'virtio-serial-device'],
      ...['-chardev', socket('agent')],
      ...['-device', 'virtserialport,chardev=agent,id=agent0,name=org.nandu.agent.0'],
      ...['-chardev', socket('qmp'), '-mon', 'chardev=qmp,mode=control'],
      ...['-D', this.file('trace.log'), '-pidfile', this.file('pid'), '-no-reboot', '-S'],
    ];
  }
}

/** Every event of a session from its beginning. */
export function recordEvents(session: QmpSession): QmpEvent[] {
  const events: QmpEvent[] = [];
  session.onEvent((event) => events.push(event));
  return events;
}

/** The next event of that name. */
export function nextEvent(session: QmpSession, name: string): Promise<QmpEvent> {
  return new Promise((resolve) => {
    const dispose = session.onEvent((event) => {
      if (event.event !== name) return;
      dispose();
      resolve(event);
    });
  });
}
