/**
 * QEMU as a person in a shell starts it: spawned, its console read, ended by its pid.
 * What Nandu adds is measured against this.
 */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** What the guest's shell prints when it may be typed into. */
export const prompt = '/ # ';
const deadlineMs = 60_000;

/**
 * The command of one of Nandu's runs, for another folder and without what only Nandu needs.
 * @param traced false leaves the tracing out.
 */
export function commandByHand(
  argv: readonly string[],
  folder: string,
  { traced = true }: { traced?: boolean } = {},
): string[] {
  const logDirectory = dirname(argv[argv.indexOf('-D') + 1] ?? '');
  const qmp = argv.find((word) => word.startsWith('socket,id=qmp,')) ?? '';
  const runDirectory = dirname(/path=([^,]+)/.exec(qmp)?.[1] ?? '');
  return argv
    .filter((word) => word !== '-S') // by hand nobody is there to say "cont"
    .filter((_, at, words) => traced || !(isTracing(words[at]) || isTracing(words[at - 1])))
    .map((word) => word.replaceAll(logDirectory, folder).replaceAll(runDirectory, folder));
}

function isTracing(word: string | undefined): boolean {
  return word === '-trace' || word === '-D';
}

/**
 * @param command with its sockets in `folder`.
 * @returns milliseconds from the spawn until the prompt came out of the console's socket.
 */
export async function startByHand(command: readonly string[], folder: string): Promise<number> {
  const [program, ...words] = command;
  if (program === undefined) throw new Error('there is no command');
  mkdirSync(folder, { recursive: true });
  const startedAt = performance.now();
  const child = spawn(program, words, { stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    return (await untilPrompt(join(folder, 'console.sock'), exited)) - startedAt;
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
}

/**
 * Connects as soon as the socket is there.
 * @returns `performance.now()` when the prompt had come.
 */
export async function untilPrompt(socketPath: string, exited: Promise<void>): Promise<number> {
  const endAt = performance.now() + deadlineMs;
  while (performance.now() < endAt) {
    const socket = createConnection(socketPath);
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    if (!connected) {
      await delay(5);
      continue;
    }
    const seen = new Promise<number>((resolve, reject) => {
      let text = '';
      socket.on('data', (chunk) => {
        text = (text + chunk.toString('latin1')).slice(-4096);
        if (text.includes(prompt)) resolve(performance.now());
      });
      const timer = setTimeout(() => reject(new Error('no prompt in 60 s')), deadlineMs);
      socket.once('close', () => clearTimeout(timer));
      void exited.then(() => reject(new Error(`QEMU ended: ${text.slice(-300)}`)));
    });
    return seen.finally(() => socket.destroy());
  }
  throw new Error('the console socket never came');
}
