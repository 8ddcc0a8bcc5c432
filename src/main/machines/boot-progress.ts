/**
 * Follows one boot from its marks to its timeline, and ends QEMU's tracing when that is known or grows.
 * Decides nothing about the machine.
 */
import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { BootTimeline } from '../../shared/index.ts';
import { parseTrace, type BootWatch, type ConsoleMarkScanner } from '../boot/index.ts';
import type { RunFiles } from '../host/index.ts';
import { traceEvents } from '../qemu/index.ts';
import type { QmpSession } from '../qmp/index.ts';

/** A boot's trace is some 5 KiB; a guest can make more by resetting its devices. */
const maxTraceBytes = 2 * 1024 * 1024;

/** What a boot is followed by. */
export interface BootProgressParts {
  readonly files: RunFiles;
  readonly scanner: ConsoleMarkScanner;
  /** Null where nobody watched the boot: then there is nothing to follow. */
  readonly recorder: BootWatch | null;
  readonly kernelClock: { readonly unpacksItself: boolean } | null;
  readonly listener: { booted(timeline: BootTimeline): void };
  /** The monitor as long as there is one. */
  readonly monitor: () => QmpSession | null;
}

/** One boot on its way. */
export class BootProgress {
  readonly #parts: BootProgressParts;
  #done: boolean;
  #tracing: boolean;

  constructor(parts: BootProgressParts) {
    this.#parts = parts;
    this.#done = parts.recorder === null;
    this.#tracing = parts.recorder !== null;
  }

  get reachedUserSpace(): boolean {
    return this.#parts.recorder?.timeline().reached !== 'partial';
  }

  /** New console output may have had a mark. */
  consoleMarked(): void {
    const { scanner, recorder, kernelClock } = this.#parts;
    if (recorder === null || this.#done || scanner.userSpaceAtMs === null) return;
    recorder.userSpace(scanner.userSpaceAtMs);
    const { userSpaceUptimeSeconds } = scanner;
    if (kernelClock !== null && userSpaceUptimeSeconds !== null) {
      const startedAtMs = scanner.userSpaceAtMs - userSpaceUptimeSeconds * 1000;
      recorder.kernelClock(startedAtMs, kernelClock.unpacksItself);
    }
    void this.publish();
  }

  /** @param atMs epoch milliseconds. */
  agentOpened(atMs: number): void {
    this.#parts.recorder?.agentOpened(atMs);
  }

  /** @param atMs epoch milliseconds. */
  ready(atMs: number): void {
    this.#parts.recorder?.ready(atMs);
    void this.publish();
  }

  /** Tells what is known by now; nothing once the guest was ready. */
  async publish(): Promise<void> {
    const { recorder, files, listener } = this.#parts;
    if (recorder === null || this.#done) return;
    const trace = await readStart(files.traceLog, maxTraceBytes);
    // The guest may be ready while the file was being read; only the whole story ends the watch.
    if (this.#isDone()) return;
    for (const traced of parseTrace(trace)) recorder.trace(traced);
    const timeline = recorder.timeline();
    this.#done = timeline.reached === 'ready';
    listener.booted(timeline);
    if (this.#done) this.#endTracing();
  }

  /** A guest that resets its devices for ever would fill the disk with traces before it is ever ready. */
  boundTrace(): void {
    if (!this.#tracing) return;
    const { size } = statSync(this.#parts.files.traceLog, { throwIfNoEntry: false }) ?? { size: 0 };
    if (size > maxTraceBytes) this.#endTracing();
  }

  #isDone(): boolean {
    return this.#done;
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
