/**
 * Finds out whether a passt runs here as the person, by starting it on a connection and asking it something.
 * Never leaves anything behind, and never takes a program's presence for an answer.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { findProgram } from '../host/index.ts';
import { PasstSocket, startPasst, untilPasstIsGone } from './passt-process.ts';
import { whyTooOld } from './passt-words.ts';

const deadlineMs = 5_000;

/** A passt to use, or a sentence that says why there is none. */
export type PasstAvailability =
  | { readonly program: string; readonly problem: null }
  | { readonly program: null; readonly problem: string };

/** By the program's file: what it is and whether it works does not change while that stays the same. */
const tried = new Map<string, PasstAvailability>();

/**
 * Takes some 50 ms for a program that was not tried before.
 * @param env `NANDU_PASST` is the absolute path of the one to use, or empty for none.
 * @param again forgets what was tried before: what forbade it may be allowed by now.
 */
export async function tryPasst(env: NodeJS.ProcessEnv, again = false): Promise<PasstAvailability> {
  const chosen = env['NANDU_PASST'];
  if (chosen === '') return none('NANDU_PASST says to use no passt.');
  if (chosen !== undefined && !isAbsolute(chosen)) return none('NANDU_PASST is no absolute path.');
  const program = chosen ?? (await findProgram('passt', env));
  if (program === null) return none('No passt is installed.');
  const { size, mtimeMs } = await stat(program).catch(() => ({ size: 0, mtimeMs: 0 }));
  const key = [program, size, mtimeMs].join('\n');
  const known = again ? undefined : tried.get(key);
  if (known !== undefined) return known;
  const found = await tryProgram(program);
  if (tried.size > 64) tried.clear();
  tried.set(key, found);
  return found;
}

const none = (problem: string): PasstAvailability => ({ program: null, problem });

async function tryProgram(program: string): Promise<PasstAvailability> {
  const old = whyTooOld(await helpOf(program));
  if (old !== null) return none(`“${program}” is not used. ${old}`);
  const folder = await mkdtemp(join(tmpdir(), 'nandu-passt-'));
  try {
    await ask(program, folder);
    return { program, problem: null };
  } catch (error) {
    return none(`“${program}” does not run here: ${(error as Error).message}.`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** In QEMU's place. @throws Error when it does not answer. */
async function ask(program: string, folder: string): Promise<void> {
  const path = join(folder, 'net.sock');
  const socket = await PasstSocket.listen(path);
  const qemu = createConnection(path);
  try {
    await once(qemu, 'connect');
    const connection = await socket.connected(AbortSignal.timeout(deadlineMs));
    const setting = { forwards: [], resolver: null, logPath: join(folder, 'log') };
    const started = await startPasst(program, connection, setting, join(folder, 'said'));
    try {
      await answersArp(qemu);
    } finally {
      qemu.destroy();
      await untilPasstIsGone(started);
    }
  } finally {
    qemu.destroy();
    socket.close();
  }
}

const guestMac = '525400123456';
/** Who has 10.0.2.2? (RFC 826), after its length, as QEMU's net/stream.c has it. */
const question = Buffer.from(
  `0000002affffffffffff${guestMac}08060001080006040001${guestMac}0a00020f0000000000000a000202`,
  'hex',
);

async function answersArp(qemu: Socket): Promise<void> {
  qemu.write(question);
  const signal = AbortSignal.timeout(deadlineMs);
  let bytes = Buffer.alloc(0);
  for await (const chunk of withDeadline(qemu, signal)) {
    bytes = Buffer.concat([bytes, chunk]);
    // Its first is the answer: nobody has asked it anything else.
    if (bytes.byteLength < 4 + 42) continue;
    if (bytes.toString('hex', 4 + 12, 4 + 14) === '0806') return;
    break;
  }
  throw new Error(signal.aborted ? 'it does not answer' : 'it hung up, or answered something else');
}

async function* withDeadline(socket: Socket, signal: AbortSignal): AsyncGenerator<Buffer> {
  signal.addEventListener('abort', () => socket.destroy(), { once: true });
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) yield chunk;
  } catch {
    // Ended by the deadline, which is told.
  }
}

/** Both streams: what it prints where does not matter. */
function helpOf(program: string): Promise<string> {
  const options = { timeout: deadlineMs, killSignal: 'SIGKILL', maxBuffer: 262_144 } as const;
  return new Promise((resolve) => {
    execFile(program, ['--help'], options, (_error, output, complaint) =>
      resolve(output + complaint),
    );
  });
}
