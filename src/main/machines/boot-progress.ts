/**
 * Follows one boot from its marks to its timeline, and ends QEMU's tracing when that is known or grows.
 * Decides nothing about the machine.
 */
import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { BootTimeline, MachineSpec } from '../../shared/index.ts';
import {
  parseKernelLog,
  parseTrace,
  type BootWatch,
  type ConsoleMarkScanner,
} from '../boot/index.ts';
import type { RunFiles } from '../host/index.ts';
import { traceEvents } from '../qemu/index.ts';
import type { QmpSession } from '../qmp/index.ts';
import type { HostWatch } from './boot-load.ts';

/** A boot's trace is some 10 KiB; a guest can make more by resetting its devices. */
const maxTraceBytes = 2 * 1024 * 1024;

/** What means that the guest is ready, and how long it may take. */
export type Readiness = Pick<MachineSpec, 'ready' | 'readyDeadlineSeconds'> & {
  /** Whether the agent says so; else the init's line on the console does, where nothing else was chosen. */
  readonly agentTells: boolean;
  /** As it is kept with the timeline. */
  readonly sign: string;
};

/** What a boot is followed by. */
export interface BootProgressParts {
  readonly files: RunFiles;
  readonly scanner: ConsoleMarkScanner;
  /** Null where nobody watched the boot: then there is nothing to follow. */
  readonly recorder: BootWatch | null;
  readonly kernelClock: { readonly unpacksItself: boolean } | null;
  readonly readiness: Readiness;
  readonly host: HostWatch;
  readonly listener: { booted(timeline: BootTimeline): void };
  /** The monitor as long as there is one. */
  readonly monitor: () => QmpSession | null;
}

/** One boot on its way. */
export class BootProgress {
  readonly #parts: BootProgressParts;
  /** The phases are known, or nobody waits for them any more; details may still come. */
  #closed: boolean;
  #published = false;
  /** Whoever listens has been told that the run is over. */
  #over = false;
  #tracing: boolean;
  #lookedForReads = false;
  #begun = false;
  #held = false;
  /** What is left of the time until the deadline, as of the last time the guest went on. */
  #waitMs = 0;
  #waitsSince = 0;
  #deadline: NodeJS.Timeout | null = null;

  constructor(parts: BootProgressParts) {
    this.#parts = parts;
    this.#closed = parts.recorder === null;
    this.#tracing = parts.recorder !== null;
  }

  get reachedUserSpace(): boolean {
    return this.#parts.recorder?.timeline().reached !== 'partial';
  }

  /** From here on the guest runs. @param sinceMs how long it has done so already. */
  begin(sinceMs = 0): void {
    if (this.#closed || this.#begun) return;
    this.#begun = true;
    this.#waitMs = this.#parts.readiness.readyDeadlineSeconds * 1000 - sinceMs;
    if (!this.#held) this.#await();
  }

  /** Whether the guest is kept from running: time that is no boot's, so the deadline waits as well. */
  hold(held: boolean): void {
    if (this.#closed || held === this.#held) return;
    this.#held = held;
    if (!this.#begun) return;
    this.#parts.recorder?.condition('paused');
    if (!held) return this.#await();
    this.#waitMs -= performance.now() - this.#waitsSince;
    this.#stopWaiting();
  }

  /** New console output may have had a mark. */
  consoleMarked(): void {
    const { scanner, recorder, readiness } = this.#parts;
    if (recorder === null || this.#closed) return;
    recorder.marks(scanner.marks);
    if (scanner.userSpaceAtMs !== null) {
      recorder.userSpace(scanner.userSpaceAtMs);
      this.#lookForReads(recorder);
    }
    this.#placeClock(recorder, scanner.uptimeLagSeconds);
    const { readyAtMs } = scanner;
    const consoleTells = readiness.ready.kind !== 'automatic' || !readiness.agentTells;
    if (readyAtMs !== null && consoleTells) recorder.ready(readyAtMs);
    void this.publish();
  }

  /** Where the kernel's clock started, as soon as it is known how much of its time the uptime lacks. */
  #placeClock(recorder: BootWatch, uptimeLagSeconds: number | null): void {
    const { scanner, kernelClock } = this.#parts;
    const { userSpaceAtMs, userSpaceUptimeSeconds } = scanner;
    if (kernelClock === null || userSpaceAtMs === null) return;
    if (userSpaceUptimeSeconds === null || uptimeLagSeconds === null) return;
    const ageMs = (userSpaceUptimeSeconds + uptimeLagSeconds) * 1000;
    recorder.kernelClock(userSpaceAtMs - ageMs, kernelClock.unpacksItself);
  }

  /** @param atMs epoch milliseconds. */
  agentOpened(atMs: number): void {
    if (!this.#closed) this.#parts.recorder?.agentOpened(atMs);
  }

  /** The agent says that the guest is ready, which counts where nothing else was chosen. @param atMs epoch milliseconds. */
  agentReady(atMs: number): void {
    if (this.#closed || this.#parts.readiness.ready.kind !== 'automatic') return;
    this.#parts.recorder?.ready(atMs);
    void this.publish();
  }

  /** What the kernel logged of its boot; it can come when that is over. */
  kernelLogged(text: string): void {
    const { recorder, listener } = this.#parts;
    if (recorder === null || this.#over) return;
    recorder.kernelLog(parseKernelLog(text));
    if (!this.#closed) void this.publish();
    else if (this.#published) listener.booted(this.#timelineOf(recorder));
  }

  /** Tells what is known by now; nothing once all is. */
  async publish(): Promise<void> {
    const { recorder, listener } = this.#parts;
    if (recorder === null || this.#closed) return;
    await this.#readTrace(recorder);
    // The guest may be ready while the file was being read; only the whole story ends the watch.
    if (this.#isClosed()) return;
    if (recorder.timeline().reached === 'ready') return this.#finish(recorder);
    this.#published = true;
    listener.booted(this.#timelineOf(recorder));
  }

  /** The run is over. @param rebooted whether because the guest restarted. */
  async end(rebooted: boolean): Promise<void> {
    await this.#close(rebooted ? 'rebooted' : null);
    this.#over = true;
  }

  /** Nobody follows it here any more. */
  release(): void {
    this.#closed = true;
    this.#over = true;
    this.#stopWaiting();
  }

  /** A guest that resets its devices for ever would fill the disk with traces before it is ever ready. */
  boundTrace(): void {
    if (!this.#tracing) return;
    const { size } = statSync(this.#parts.files.traceLog, { throwIfNoEntry: false }) ?? { size: 0 };
    if (size > maxTraceBytes) this.#endTracing();
  }

  /** The timeline stays as far as it got; a sign that comes later does not count any more. */
  async #close(why: 'deadline' | 'rebooted' | null): Promise<void> {
    const { recorder } = this.#parts;
    if (recorder === null || this.#closed) return;
    await this.#readTrace(recorder);
    if (this.#isClosed()) return;
    if (why !== null && recorder.timeline().reached !== 'ready') recorder.condition(why);
    this.#finish(recorder);
  }

  #finish(recorder: BootWatch): void {
    if (this.#parts.host.loaded() === true) recorder.condition('loaded');
    this.#lookForReads(recorder);
    this.#closed = true;
    this.#published = true;
    this.#stopWaiting();
    this.#parts.listener.booted(this.#timelineOf(recorder));
    this.#endTracing();
  }

  /** Once, before user space reads disks: by then QEMU has all of itself, the kernel and the initrd. */
  #lookForReads(recorder: BootWatch): void {
    if (this.#lookedForReads) return;
    this.#lookedForReads = true;
    if (this.#parts.host.wasCold() === true) recorder.condition('cold');
  }

  #await(): void {
    this.#waitsSince = performance.now();
    const waitMs = Math.max(0, this.#waitMs);
    this.#deadline = setTimeout(() => void this.#close('deadline'), waitMs).unref();
  }

  #stopWaiting(): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline);
  }

  #timelineOf(recorder: BootWatch): BootTimeline {
    return { ...recorder.timeline(), sign: this.#parts.readiness.sign };
  }

  #isClosed(): boolean {
    return this.#closed;
  }

  async #readTrace(recorder: BootWatch): Promise<void> {
    const trace = await readStart(this.#parts.files.traceLog, maxTraceBytes);
    for (const traced of parseTrace(trace)) recorder.trace(traced);
  }

  /** From here on a guest could fill the host's disk through the trace's file, and nobody reads it. */
  #endTracing(): void {
    this.#tracing = false;
    for (const name of traceEvents) {
      this.#parts
        .monitor()
        ?.executeRaw('trace-event-set-state', { name, enable: false }, {})
        .catch(() => undefined); // it may have ended, or know no such event: there is nothing to end then
    }
  }
}

/** The beginning of a file as text; empty when there is none. */
async function readStart(path: string, maxBytes: number): Promise<string> {
  const file = await open(path, 'r').catch(() => null); // never written: there was no trace
  if (file === null) return '';
  try {
    const { size } = await file.stat();
    const data = Buffer.alloc(Math.min(size, maxBytes));
    const { bytesRead } = await file.read(data, 0, data.byteLength, 0);
    return data.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
