/**
 * One fence: the namespaces in which a QEMU runs, and the slirp4netns that is their only way out. It lasts as
 * long as that QEMU, also without Nandu; it must never be left behind, nor let QEMU start before it is closed.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { AppError, type PortForward } from '../../shared/index.ts';
import type { RunFiles } from '../host/index.ts';
import { fenceNetwork, networksAround } from './addresses.ts';
import { slirpGuards } from './fence-guards.ts';
import { fenceRules } from './fence-rules.ts';
import { fenceCommand, fenceWords, ownIds } from './fence-script.ts';
import type { FenceTools } from './fence-tools.ts';
import { fenced } from './forwards.ts';
import { SlirpApi } from './slirp-api.ts';

/** Each step takes some 20 ms; a swapping host far longer. */
const stepDeadlineMs = 15_000;
const partingMs = 1_000;

/** A fence around one run; made, then handed to whoever spawns QEMU, then closed. */
export class Fence {
  readonly #files: RunFiles;
  readonly #tools: FenceTools;
  readonly #guards: readonly string[];
  #lines: Lines | null = null;
  #slirp: ChildProcess | null = null;

  private constructor(files: RunFiles, tools: FenceTools, guards: readonly string[]) {
    this.#guards = guards;
    this.#files = files;
    this.#tools = tools;
  }

  /** Writes what it is made from into the run's folder, which must exist. Nothing runs yet. */
  static async prepare(files: RunFiles, tools: FenceTools): Promise<Fence> {
    const around = networksAround(networkInterfaces());
    await mkdir(files.fenceEtc);
    const [guards] = await Promise.all([
      slirpGuards(tools.slirp4netns),
      writeFile(files.fenceRules, fenceRules(around), { mode: 0o600 }),
      writeFile(join(files.fenceEtc, 'resolv.conf'), `nameserver ${fenceNetwork.resolver}\n`),
      promisify(execFile)(tools.mkfifo, ['-m', '600', files.fenceLifeline], {
        timeout: stepDeadlineMs,
      }),
    ]);
    return new Fence(files, tools, guards);
  }

  /** The words that become QEMU inside; they close every descriptor that they inherit. */
  wrap(argv: readonly string[]): string[] {
    const { fenceLifeline: lifeline, fenceRules: rules, fenceEtc: etc } = this.#files;
    const { bash, ...tools } = this.#tools;
    return fenceCommand(bash, { lifeline, rules, etc, ...tools, ...ownIds() }, argv);
  }

  /** Descriptor 3 of what {@link wrap} gave. */
  attach(channel: Duplex): void {
    this.#lines = new Lines(channel);
  }

  /**
   * Brings the network up, opens the forwarded ports, closes the fence and lets QEMU begin.
   * @param pid of the process that becomes QEMU.
   * @param signal calls the launch off.
   * @throws AppError `network_unavailable`, `port_taken`, `cancelled`.
   */
  async close(pid: number, forwards: readonly PortForward[], signal: AbortSignal): Promise<void> {
    const lines = this.#lines;
    if (lines === null) throw new AppError('internal', 'The fence has no process in it.');
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(stepDeadlineMs)]);
    try {
      await lines.expect(fenceWords.inside, deadline);
      await this.#connect(pid, deadline);
      const api = new SlirpApi(this.#files.fenceSocket);
      for (const each of fenced(forwards)) {
        await api.add(each).catch((cause: unknown) => {
          const { hostAddress, hostPort } = each.forward;
          throw new AppError(
            'port_taken',
            `Port ${hostPort} of ${hostAddress} could not be opened. Choose another.`,
            { cause, details: { field: 'portForwards' } },
          );
        });
      }
      lines.say(fenceWords.go);
      await lines.expect(fenceWords.fenced, deadline);
      await lines.ended(deadline);
    } catch (error) {
      if (signal.aborted) throw new AppError('cancelled', 'The start was called off.');
      if (error instanceof AppError) throw error;
      throw new AppError(
        'network_unavailable',
        `The machine’s network could not be fenced in: ${(error as Error).message}${await this.#lastWords()}`,
        { cause: error, details: { field: 'network' } },
      );
    } finally {
      lines.destroy();
    }
  }

  /** After QEMU is gone, or was never there. Waits for slirp4netns, which goes by itself, and ends it if not. */
  async dispose(): Promise<void> {
    this.#lines?.destroy();
    const slirp = this.#slirp;
    if (slirp === null || isGone(slirp)) return;
    const exited = new Promise<true>((resolve) => slirp.once('exit', () => resolve(true)));
    if (isGone(slirp)) return;
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const timer = new AbortController();
      const pause = delay(partingMs, false, { signal: timer.signal }).catch(() => true);
      if (await Promise.race([exited, pause])) return timer.abort();
      slirp.kill(signal);
    }
    await exited;
  }

  /** Starts slirp4netns; it ends when the last writer of the lifeline does, which is QEMU. */
  async #connect(pid: number, signal: AbortSignal): Promise<void> {
    const { fenceLog, fenceSocket, fenceLifeline } = this.#files;
    const log = openSync(fenceLog, 'a', 0o600);
    // Without O_NONBLOCK it would wait for a writer if that one is gone again.
    const lifeline = openSync(fenceLifeline, constants.O_RDONLY | constants.O_NONBLOCK);
    let slirp: ChildProcess;
    try {
      const words = [
        ...[this.#tools.slirp4netns, '--configure', '--mtu=65520', '--disable-host-loopback'],
        ...this.#guards,
        ...[`--cidr=${fenceNetwork.cidr}`, '--exit-fd=3', '--ready-fd=4'],
        ...[`--api-socket=${fenceSocket}`, String(pid), 'tap0'],
      ];
      slirp = spawn(this.#tools.bash, ['-p', '-c', closeOthersAndBecome, ...words], {
        detached: true,
        stdio: ['ignore', log, log, lifeline, 'pipe'],
      });
    } finally {
      closeSync(log);
      closeSync(lifeline);
    }
    this.#slirp = slirp;
    slirp.unref();
    const ready = slirp.stdio[4] as Readable;
    try {
      await new Promise<void>((resolve, reject) => {
        slirp.once('error', reject);
        slirp.once('exit', () => reject(new Error('slirp4netns ended.')));
        ready.once('data', () => resolve());
        ready.once('error', reject);
        signal.addEventListener('abort', () => reject(asError(signal.reason)), { once: true });
        if (signal.aborted) reject(asError(signal.reason));
      });
    } finally {
      ready.destroy();
    }
  }

  /** What slirp4netns, or what runs inside, said last. */
  async #lastWords(): Promise<string> {
    for (const path of [this.#files.qemuLog, this.#files.fenceLog]) {
      const text = await readFile(path, 'utf8').catch(() => '');
      const last = text.trim().split('\n').at(-1) ?? '';
      if (last !== '') return ` It said: ${last}`;
    }
    return '';
  }
}

/** As `withoutInheritance` for QEMU: nothing of the app's stays open in what may outlive it. */
const closeOthersAndBecome =
  'for f in /proc/$$/fd/*; do n=${f##*/}; [ "$n" -le 4 ] || eval "exec $n>&-"; done; exec "$0" "$@"';

function isGone({ exitCode, signalCode, pid }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

function asError(reason: unknown): Error {
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return new Error('it took too long.');
  }
  return reason instanceof Error ? reason : new Error(String(reason));
}

/** Words with the script, a line each. */
class Lines {
  readonly #channel: Duplex;
  #text = '';
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(channel: Duplex) {
    this.#channel = channel;
    channel.setEncoding('utf8');
    channel.on('data', (text: string) => {
      this.#text += text;
      this.#wake();
    });
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    channel.once('end', end).once('close', end).on('error', end);
  }

  say(word: string): void {
    this.#channel.write(`${word}\n`);
  }

  /** @throws Error when another word comes, or none. */
  async expect(word: string, signal: AbortSignal): Promise<void> {
    await this.#until(() => this.#ended || this.#text.includes('\n'), signal);
    const [line = ''] = this.#text.split('\n', 1);
    this.#text = this.#text.slice(line.length + 1);
    if (line === word) return;
    throw new Error(
      line === '' ? 'it ended early.' : `the step “${line.replace(/^failed /, '')}” failed.`,
    );
  }

  /** Until the script hangs up, which it does right before it becomes QEMU. */
  async ended(signal: AbortSignal): Promise<void> {
    await this.#until(() => this.#ended, signal);
  }

  destroy(): void {
    this.#channel.destroy();
  }

  async #until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const check = (): void => {
        if (holds()) resolve();
        else if (signal.aborted) reject(asError(signal.reason));
      };
      this.#wake = check;
      signal.addEventListener('abort', check, { once: true });
      check();
    });
  }
}
