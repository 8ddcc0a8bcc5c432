/**
 * All servers of one run, from before QEMU until after it, whether this Nandu started them or an earlier one.
 * Must never leave one behind, and tells of one that ended before its QEMU.
 */
import { statSync, truncateSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { commandOf, isAlive, type ProcessIdentity } from '../host/index.ts';
import { FolderServer, killServer, type ServedFolder } from './folder-server.ts';
import { servesFolder } from './server-kind.ts';
import type { FolderProgram } from './server-script.ts';

/** How long servers may take to notice that their QEMU is gone. */
const partingMs = 1_000;
const pollMs = 250;
/** They say next to nothing, but a guest may make them say it again and again. */
const maxLogBytes = 1024 * 1024;

/** What is remembered of a server beside a running QEMU. */
export interface FolderServerRecord extends ProcessIdentity {
  readonly folder: string;
}

interface Watched {
  readonly record: FolderServerRecord;
  readonly exited: Promise<void>;
}

/** The servers of one run. */
export class FolderServers {
  readonly #watched: readonly Watched[];
  readonly #started: readonly FolderServer[];
  readonly #logPath: string;
  #ended = false;

  private constructor(
    watched: readonly Watched[],
    started: readonly FolderServer[],
    logPath: string,
  ) {
    this.#watched = watched;
    this.#started = started;
    this.#logPath = logPath;
  }

  /** All or none. @throws AppError as {@link FolderServer.start}. */
  static async start(
    program: FolderProgram,
    folders: readonly ServedFolder[],
    logPath: string,
    signal: AbortSignal,
  ): Promise<FolderServers> {
    const outcomes = await Promise.allSettled(
      folders.map((folder) => FolderServer.start(program, folder, logPath, signal)),
    );
    const started = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const failed = outcomes.find((each) => each.status === 'rejected');
    if (failed !== undefined) {
      await Promise.all(started.map((server) => server.kill()));
      throw failed.reason;
    }
    const watched = started.map(({ folder, identity, exited }) => ({
      ...{ exited, record: { ...identity, folder: folder.path } },
    }));
    return new FolderServers(watched, started, logPath);
  }

  /** Those of an earlier Nandu. @param signal ends the watching, not the servers. */
  static adopt(
    records: readonly FolderServerRecord[],
    logPath: string,
    signal: AbortSignal,
  ): FolderServers {
    const watched = records.map((record) => ({ record, exited: untilGone(record, signal) }));
    return new FolderServers(watched, [], logPath);
  }

  get records(): readonly FolderServerRecord[] {
    return this.#watched.map(({ record }) => record);
  }

  /** Called when QEMU was spawned, which they then live as long as. */
  go(): void {
    for (const server of this.#started) server.go();
  }

  /** @param lost told the folder of each server that ends before {@link dispose}. */
  watch(lost: (folder: string) => void): void {
    for (const { record, exited } of this.#watched) {
      void exited.then(() => {
        if (!this.#ended) lost(record.folder);
      });
    }
  }

  /** Keeps their log from growing. */
  boundLog(): void {
    const { size } = statSync(this.#logPath, { throwIfNoEntry: false }) ?? { size: 0 };
    if (size > maxLogBytes) truncateSync(this.#logPath);
  }

  /** Lets go of servers that are to go on without the app. */
  release(): void {
    this.#ended = true;
  }

  /** After QEMU is gone, or was never there: they end by themselves, and are ended if not. */
  async dispose(): Promise<void> {
    this.#ended = true;
    const gone = Promise.all(this.#watched.map(({ exited }) => exited)).then(() => true);
    const timer = new AbortController();
    const pause = delay(partingMs, false, { signal: timer.signal }).catch(() => true);
    const ended = await Promise.race([gone, pause]);
    timer.abort();
    if (ended) return;
    this.kill();
    await Promise.race([gone, delay(partingMs, undefined, { ref: false })]);
  }

  /** Ends them at once. */
  kill(): void {
    this.#ended = true;
    for (const { record } of this.#watched) endServer(record);
  }
}

/** Ends a server by its record, if it is that: a number and a time can be another process's after a restart. */
export function endServer(record: FolderServerRecord): void {
  if (servesFolder(commandOf(record.pid) ?? [], record.folder)) killServer(record);
}

function untilGone(identity: ProcessIdentity, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (!isAlive(identity)) return resolve();
    const timer = setInterval(() => {
      if (isAlive(identity)) return;
      clearInterval(timer);
      resolve();
    }, pollMs);
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  });
}
