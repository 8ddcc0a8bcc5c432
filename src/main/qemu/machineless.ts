/**
 * Runs a QEMU without a machine for as long as somebody asks its monitor questions.
 * Never leaves the process or its folder behind, however the questioning ends.
 */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../shared/index.ts';
import { maxSocketPathBytes } from '../host/index.ts';
import { connectWithRetry, type QmpSession } from '../qmp/index.ts';
import { spawnQemu, type ProcessExit, type QemuProcess } from './process.ts';

/** Longer than any deadline: `signal` is what ends the wait. */
const unlimited = { deadlineMs: Infinity };
/** A QEMU that crashes closes its monitor a little before it is gone. */
const crashMs = 1_000;
const awakeMs = 60_000;
const logBytes = 4096;

/**
 * Starts QEMU with the machine type `none`, hands out a session with its monitor, and ends it afterwards.
 * @param signal ends everything at once; `ask` must give it to the session's commands.
 * @throws AppError `qemu_missing`, `permission_denied`, `cancelled`, `qmp_failed`, and `qemu_failed` with
 *   `details` {argv, code, signal, log} when QEMU ended by itself.
 */
export async function askMachineless<T>(
  qemuPath: string,
  signal: AbortSignal,
  ask: (session: QmpSession) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(temporaryPrefix());
  try {
    const logPath = join(folder, 'qemu.log');
    const argv = commandLine(qemuPath, join(folder, socketName));
    const qemu = await spawnQemu(argv, logPath);
    try {
      return await askWhileAlive(qemu, join(folder, socketName), signal, ask);
    } catch (error) {
      const exit = signal.aborted ? null : await exitOf(qemu);
      if (exit === null) throw error;
      throw died(argv, exit, await firstLines(logPath), error);
    } finally {
      // The child does not keep a program running; one with nothing else to do must not end before it.
      const awake = setInterval(() => undefined, awakeMs);
      qemu.kill('SIGKILL');
      await qemu.exited;
      clearInterval(awake);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const socketName = 'qmp.sock';

/** mkdtemp(3) adds six letters and makes the folder private. */
function temporaryPrefix(): string {
  const prefix = join(tmpdir(), 'nandu-probe-');
  const socketBytes = Buffer.byteLength(join(`${prefix}XXXXXX`, socketName));
  return socketBytes > maxSocketPathBytes ? '/tmp/nandu-probe-' : prefix;
}

function commandLine(qemuPath: string, socket: string): string[] {
  return [
    ...[qemuPath, '-machine', 'none', '-nodefaults', '-no-user-config', '-display', 'none', '-S'],
    // A doubled comma is a comma (qemu(1), "-name").
    ...['-chardev', `socket,id=qmp,path=${socket.replaceAll(',', ',,')},server=on,wait=off`],
    ...['-mon', 'chardev=qmp,mode=control'],
  ];
}

async function askWhileAlive<T>(
  qemu: QemuProcess,
  socket: string,
  signal: AbortSignal,
  ask: (session: QmpSession) => Promise<T>,
): Promise<T> {
  const gone = new AbortController();
  void qemu.exited.then(() => gone.abort());
  // Its socket may never appear: without this the wait for it would last until the deadline.
  const alive = AbortSignal.any([signal, gone.signal]);
  const session = await connectWithRetry(socket, { ...unlimited, signal: alive });
  try {
    const answer = await ask(session);
    // Reaches the real QEMU also where the program is a script that started it.
    await session.execute('quit', undefined, { ...unlimited, signal });
    return answer;
  } finally {
    session.close();
  }
}

async function exitOf(qemu: QemuProcess): Promise<ProcessExit | null> {
  const enough = new AbortController();
  const tooLong = delay(crashMs, null, { signal: enough.signal }).catch(() => null);
  const exit = await Promise.race([qemu.exited, tooLong]);
  enough.abort();
  return exit;
}

async function firstLines(path: string): Promise<string[]> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(logBytes), 0, logBytes);
    return buffer
      .toString('utf8', 0, bytesRead)
      .split('\n')
      .filter((line) => line.trim() !== '');
  } finally {
    await file.close();
  }
}

function died(argv: string[], exit: ProcessExit, log: string[], cause: unknown): AppError {
  const how = exit.signal === null ? `with exit code ${exit.code}` : `by ${exit.signal}`;
  return new AppError(
    'qemu_failed',
    `QEMU ended ${how} while it was asked what it can do. ${log[0] ?? 'It did not say why.'}`,
    { cause, details: { argv, ...exit, log } },
  );
}
