/**
 * One passt: a process that serves one QEMU’s connection and ends with it, also without Nandu.
 * Must never run with anything of the app’s open, nor be taken for another run’s.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, statSync } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { commandOf, identifyProcess, isAlive, type ProcessIdentity } from '../host/index.ts';
import {
  passtArguments,
  passtDescriptor,
  readPasstArguments,
  type PasstSetting,
} from './passt-words.ts';

/** Each step takes some 20 ms; a swapping host far longer. */
const deadlineMs = 15_000;
const pollMs = 10;
const partingMs = 1_000;

/** Where QEMU connects to; one connection is taken. */
export class PasstSocket {
  readonly #server: Server;
  readonly #connection: Promise<Socket>;

  private constructor(server: Server) {
    this.#server = server;
    this.#connection = once(server, 'connection').then(([socket]) => socket as Socket);
    this.#connection.catch(() => undefined); // told to whoever waits for it
  }

  /** @throws SystemError. */
  static async listen(path: string): Promise<PasstSocket> {
    await rm(path, { force: true });
    // Not a byte of it may be read here: it is the program's.
    const server = createServer({ pauseOnConnect: true });
    server.listen(path);
    await once(server, 'listening');
    return new PasstSocket(server);
  }

  /** The connection, once QEMU has made it. @throws Error when it makes none. */
  async connected(signal: AbortSignal): Promise<Socket> {
    const late = once(AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]), 'abort');
    const socket = await Promise.race([this.#connection, late.then(() => null)]);
    if (socket === null) throw new Error('QEMU did not connect to it');
    return socket;
  }

  /** Takes no more connections, and removes the socket's name. */
  close(): void {
    this.#server.close();
    void this.#connection.then((socket) => socket.destroy()).catch(() => undefined);
  }
}

/**
 * Starts it on a connection, whose end here is closed, and waits until it serves and has all ports.
 * @param complaints where what it says on its way is appended.
 * @throws Error with what it said, as when a port is taken.
 */
export async function startPasst(
  program: string,
  connection: Socket,
  setting: PasstSetting,
  complaints: string,
): Promise<ProcessIdentity> {
  const log = openSync(complaints, 'a', 0o600);
  const before = statSync(complaints).size;
  try {
    const child = spawn(
      bashPath(),
      ['-p', '-c', takeAndBecome, program, ...passtArguments(setting)],
      {
        detached: true,
        env: { PATH: process.env['PATH'], LC_ALL: 'C' },
        // As descriptor 0: only up to 2 does libuv make them blocking again, on which passt relies in the
        // middle of a frame.
        stdio: [connection, 'ignore', log],
      },
    );
    let gone = false;
    child.once('exit', () => (gone = true));
    await once(child, 'spawn');
    child.unref();
    const identity = child.pid === undefined ? null : identifyProcess(child.pid);
    const until = performance.now() + deadlineMs;
    while (!gone && identity !== null && performance.now() < until) {
      if (await serves(identity.pid)) return identity;
      await delay(pollMs);
    }
    if (identity !== null && !gone) killPasst(identity);
    throw new Error(await saidSince(complaints, before));
  } finally {
    connection.destroy();
    closeSync(log);
  }
}

/** Its filter of system calls is the last that it puts on, when all ports are open (passt.c, main). */
async function serves(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
  return /^Seccomp:\t2$/m.test(status);
}

/**
 * Moves the connection to where it is told to find it; all else that the app has open is closed.
 * -p: no start-up file of the person's environment (BASH_ENV) has a say.
 */
const takeAndBecome = `exec ${passtDescriptor}<&0 0</dev/null
for f in /proc/$$/fd/*; do n=\${f##*/}; [ "$n" -le ${passtDescriptor} ] || eval "exec $n>&-"; done
exec "$0" "$@"`;

/** @throws Error where there is none: nothing else closes descriptors above 9. */
function bashPath(): string {
  const path = ['/bin/bash', '/usr/bin/bash'].find((each) => existsSync(each));
  if (path === undefined) throw new Error('bash is not there');
  return path;
}

async function saidSince(path: string, offset: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8_192), 0, 8_192, offset);
    const last = buffer.toString('utf8', 0, bytesRead).trim().split('\n').at(-1) ?? '';
    return last === '' ? 'it ended without a word' : last;
  } finally {
    await file.close();
  }
}

/** The process that serves a run, by the log that it was told to keep, and what it was told. */
export function findPasst(logPath: string): (ProcessIdentity & { setting: PasstSetting }) | null {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const setting = readPasstArguments(commandOf(Number(name)) ?? []);
    if (setting?.logPath !== logPath) continue;
    const identity = identifyProcess(Number(name));
    if (identity !== null) return { ...identity, setting };
  }
  return null;
}

/** Waits for one whose QEMU has let go of it, which ends by itself, and ends it if it does not. */
export async function untilPasstIsGone(identity: ProcessIdentity): Promise<void> {
  const begun = performance.now();
  while (isAlive(identity)) {
    if (performance.now() - begun > partingMs) killPasst(identity);
    await delay(pollMs);
    if (performance.now() - begun > deadlineMs) return; // the system does not end it: nobody can
  }
}

function killPasst(identity: ProcessIdentity): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, 'SIGKILL');
  } catch {
    // It has ended since, which is what was wanted.
  }
}
