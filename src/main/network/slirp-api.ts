/**
 * Speaks to a slirp4netns over its API socket: which ports of this computer lead into a fence.
 * One connection a request, each with a deadline; it never retries what may have been done.
 */
import { readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { AppError, type PortForward } from '../../shared/index.ts';
import { fenceNetwork } from './addresses.ts';
import type { FencedForward } from './forwards.ts';

const deadlineMs = 5_000;
const pollMs = 10;
const maxAnswerBytes = 1024 * 1024;

const entrySchema = z.object({
  id: z.int(),
  proto: z.enum(['tcp', 'udp']),
  host_addr: z.string(),
  host_port: z.int(),
  guest_port: z.int(),
});
const answerSchema = z.looseObject({
  error: z.object({ desc: z.string() }).optional(),
  return: z.unknown().optional(),
});

/** A forward that is open, with the number by which it is closed. */
export interface OpenForward extends FencedForward {
  readonly id: number;
}

/** One slirp4netns (slirp4netns(1), "API SOCKET"). */
export class SlirpApi {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** @throws AppError `network_unavailable`. */
  async list(): Promise<OpenForward[]> {
    const { entries } = await this.#ask(
      'list_hostfwd',
      undefined,
      z.object({ entries: z.array(entrySchema) }),
    );
    return entries.map((entry) => ({
      id: entry.id,
      innerPort: entry.guest_port,
      forward: {
        protocol: entry.proto,
        hostAddress: entry.host_addr,
        hostPort: entry.host_port,
        guestPort: 0, // only QEMU knows
      },
    }));
  }

  /** @throws AppError `network_unavailable`, also when the port is taken: it does not say why. */
  async add({ forward, innerPort }: FencedForward): Promise<void> {
    const { protocol, hostAddress, hostPort } = forward;
    await this.#ask(
      'add_hostfwd',
      {
        ...{ proto: protocol, host_addr: hostAddress, host_port: hostPort },
        ...{ guest_addr: fenceNetwork.inside, guest_port: innerPort },
      },
      z.unknown(),
    );
  }

  /** @throws AppError `network_unavailable`. */
  async remove({ id }: OpenForward): Promise<void> {
    await this.#ask('remove_hostfwd', { id }, z.unknown());
  }

  async #ask<T>(execute: string, args: object | undefined, schema: z.ZodType<T>): Promise<T> {
    try {
      const request = { execute, ...(args === undefined ? {} : { arguments: args }) };
      const answer = answerSchema.parse(JSON.parse(await this.#exchange(JSON.stringify(request))));
      if (answer.error !== undefined) throw new Error(answer.error.desc);
      // The manual puts every answer into “return”; slirp4netns 1.2 leaves that out for a list.
      return schema.parse(answer.return ?? answer);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ECONNREFUSED' || code === 'ENOENT') {
        throw new AppError(
          'network_unavailable',
          'The program that connects this machine (slirp4netns) has ended. Restart the machine to connect it again.',
          { cause: error, details: { field: 'network' } },
        );
      }
      throw new AppError(
        'network_unavailable',
        `slirp4netns did not do “${execute}”: ${(error as Error).message}`,
        { cause: error, details: { field: 'network' } },
      );
    }
  }

  /** It reads one request, answers and hangs up. */
  #exchange(request: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(this.#socketPath);
      const timer = setTimeout(() => socket.destroy(new Error('no answer in time')), deadlineMs);
      let answer = '';
      socket.setEncoding('utf8');
      socket.once('connect', () => socket.end(request));
      socket.on('data', (text: string) => {
        answer += text;
        if (answer.length > maxAnswerBytes) socket.destroy(new Error('too long an answer'));
      });
      socket.once('error', reject);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  }
}

/** Whether an entry is this forward's; what it leads to in the guest only QEMU knows. */
export function isAt(entry: FencedForward, forward: PortForward): boolean {
  const { protocol, hostAddress, hostPort } = entry.forward;
  return (
    protocol === forward.protocol &&
    hostAddress === forward.hostAddress &&
    hostPort === forward.hostPort
  );
}

/**
 * Resolves when nobody listens on a slirp4netns's socket any more, and so its ports are free again; at once where
 * there was none. It is looked for in the kernel's list, because a connection would keep it from ending.
 */
export async function untilSocketIsGone(socketPath: string): Promise<void> {
  const until = performance.now() + deadlineMs;
  while (performance.now() < until) {
    const sockets = await readFile('/proc/net/unix', 'utf8').catch(() => '');
    if (!sockets.includes(` ${socketPath}\n`)) return;
    await delay(pollMs);
  }
}
