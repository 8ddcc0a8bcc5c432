/**
 * Owns the marks of one boot and turns them into phases without a gap.
 * Must never show a duration that no mark bears out: what is not known is left out or merged.
 */
import type { BootDetail, BootTimeline, Phase, PhaseName } from '../../shared/index.ts';
import type { ConsoleMark } from './console-marks.ts';
import { DeviceFinder } from './device-finder.ts';
import { KernelLoadFinder } from './kernel-load.ts';
import type { TraceEvent } from './trace.ts';

/**
 * How far a mark may lie before the one that precedes it. QEMU stamps its marks when they happen,
 * Nandu when it hears of them, so a busy event loop makes its own late; more than this is a clock
 * that was set back (systemd-timesyncd steps it from 400 ms on, and slews it below).
 */
const clockToleranceMs = 250;

/** How late Nandu may read a console line on a host that is busy or swaps; more is a clock set back. */
const latenessMs = 10_000;

/** Times are kept in 1/1024 ms: finer than QEMU's microseconds, and sums of them are exact. */
const ticksPerMs = 1024;

/** A mark and the phase that it ends when the mark before it is known as well. */
interface Boundary {
  readonly ends: PhaseName;
  readonly atMs: number | null;
}

/**
 * Collects the marks of one boot in any order; all times are epoch milliseconds of the host's
 * real-time clock, with fraction. What it was told twice counts once, so a trace that grows can be
 * handed over again as a whole.
 */
export class BootRecorder {
  readonly #spawnedAtMs: number;
  readonly #kernelLoad = new KernelLoadFinder();
  readonly #devices = new DeviceFinder();
  #marks: readonly ConsoleMark[] = [];
  #traced = false;
  #firmwareTraced = false;
  #greetedAtMs: number | null = null;
  #resumedAtMs: number | null = null;
  #kernelClockAtMs: number | null = null;
  #unpacksItself = false;
  #agentAtMs: number | null = null;
  #userSpaceAtMs: number | null = null;
  #readyAtMs: number | null = null;

  /** @param spawnedAtMs just before the process was spawned. */
  constructor(spawnedAtMs: number) {
    this.#spawnedAtMs = spawnedAtMs;
  }

  /** QEMU's monitor greeted. Only the first counts: a later one is another Nandu's. */
  greeted(atMs: number): void {
    this.#greetedAtMs ??= atMs;
  }

  /**
   * The kernel's own clock started, by its age when the first process saw it. The last call counts.
   * @param unpacksItself whether the kernel is a bzImage: then what lies before is its decompression.
   */
  kernelClock(atMs: number, unpacksItself: boolean): void {
    this.#kernelClockAtMs = atMs;
    this.#unpacksItself = unpacksItself;
  }

  /** A container's agent opened its port: the initrd has done its part. Only the first counts. */
  agentOpened(atMs: number): void {
    this.#agentAtMs ??= atMs;
  }

  /** The guest's CPUs began to run (QMP RESUME). Only the first counts: later ones end a pause. */
  resumed(atMs: number): void {
    this.#resumedAtMs ??= atMs;
  }

  /** Any event of QEMU's trace. */
  trace(event: TraceEvent): void {
    this.#traced = true;
    this.#firmwareTraced ||= event.kind === 'fw-cfg-select';
    this.#kernelLoad.add(event);
    this.#devices.add(event);
  }

  /** Whether the trace told what it can of a boot that got so far; every firmware reads fw_cfg before a kernel runs. */
  get traced(): boolean {
    return this.#userSpaceAtMs === null && this.#readyAtMs === null
      ? this.#traced
      : this.#firmwareTraced;
  }

  /** The guest's own marks, all of them by now. */
  marks(marks: readonly ConsoleMark[]): void {
    this.#marks = marks;
  }

  /** The first process ran. The last call counts: a better mark may replace a provisional one. */
  userSpace(atMs: number): void {
    this.#userSpaceAtMs = atMs;
  }

  /** The guest said that it is ready. Only the first counts: an agent may come back. */
  ready(atMs: number): void {
    this.#readyAtMs ??= atMs;
  }

  /**
   * The boot as far as it is known by now. Phases start at 0, follow each other without a gap and
   * add up to `totalMs` exactly, to the last bit.
   *
   * A mark that is missing between two known ones leaves a span of several phases. It becomes one
   * phase, named `kernel` or `user-space` if that is among them and else after the first of them, because
   * that is where nearly all of its time goes; the others are left out. So without a trace the kernel starts
   * at RESUME, and without a user-space mark it lasts until ready, and there is no `user-space` to
   * see. Without QMP's RESUME the trace's own change to `running` stands in for it.
   *
   * A mark slightly before its predecessor is moved up to it. One that is further back means that
   * the clock was set back: the timeline ends before it and is `partial`. A clock set forward cannot
   * be told from a slow boot.
   */
  timeline(): BootTimeline {
    const userSpaceAtMs = this.#userSpaceNoLaterThanReady();
    const load = this.#kernelLoad.span(userSpaceAtMs ?? this.#readyAtMs ?? Infinity);
    const boundaries: Boundary[] = [
      { ends: 'process-start', atMs: this.#greetedAtMs },
      { ends: 'qmp', atMs: this.#resumedAtMs ?? this.#kernelLoad.runningAtMs },
      { ends: 'firmware', atMs: load?.firstAtMs ?? null },
      { ends: 'kernel-load', atMs: load?.lastAtMs ?? null },
      { ends: 'decompression', atMs: this.#unpacked(load?.lastAtMs ?? null, userSpaceAtMs) },
      { ends: 'kernel', atMs: userSpaceAtMs },
      { ends: 'initrd', atMs: this.#agentBetween(userSpaceAtMs) },
      { ends: 'user-space', atMs: this.#readyAtMs },
    ];
    const phases: Phase[] = [];
    let reached: BootTimeline['reached'] = 'partial';
    let startMs = 0;
    let pending: PhaseName[] = [];
    for (const { ends, atMs } of boundaries) {
      pending.push(ends);
      if (atMs === null) continue;
      const sinceSpawnMs = atMs - this.#spawnedAtMs;
      if (!(sinceSpawnMs >= startMs - clockToleranceMs)) {
        reached = 'partial';
        break;
      }
      const endMs = Math.max(startMs, Math.round(sinceSpawnMs * ticksPerMs) / ticksPerMs);
      phases.push({ name: nameOf(pending), startMs, durationMs: endMs - startMs });
      startMs = endMs;
      pending = [];
      if (ends === 'kernel' || ends === 'initrd') reached = 'user-space';
      if (ends === 'user-space') reached = 'ready';
    }
    const clockAtMs = this.#clockBetween(load?.lastAtMs ?? this.#spawnedAtMs, userSpaceAtMs);
    return {
      ...{ phases, totalMs: startMs, reached, conditions: [] },
      details: this.#details(load?.lastAtMs ?? 0),
      kernelClockMs: clockAtMs === null ? null : toMicros(clockAtMs - this.#spawnedAtMs),
    };
  }

  /** @param kernelAtMs drivers that began earlier were the firmware's. */
  #details(kernelAtMs: number): BootDetail[] {
    const place = (atMs: number): number => toMicros(Math.max(0, atMs - this.#spawnedAtMs));
    const devices = this.#devices.bindings(kernelAtMs).map((binding) => {
      const startMs = place(binding.startedAtMs);
      const durationMs = Math.max(0, toMicros(binding.boundAtMs - binding.startedAtMs));
      return { kind: 'device' as const, name: binding.name, startMs, durationMs };
    });
    const marks = this.#marks.map(({ name, atMs }) => ({
      ...{ kind: 'mark' as const, name, startMs: place(atMs), durationMs: 0 },
    }));
    return [...devices, ...marks];
  }

  #unpacked(loadedAtMs: number | null, userSpaceAtMs: number | null): number | null {
    if (!this.#unpacksItself || loadedAtMs === null) return null;
    return this.#clockBetween(loadedAtMs, userSpaceAtMs);
  }

  /** The kernel's age is a guest's word: a clock that starts where it cannot have is left out. */
  #clockBetween(loadedAtMs: number, userSpaceAtMs: number | null): number | null {
    const atMs = this.#kernelClockAtMs;
    if (atMs === null || userSpaceAtMs === null) return null;
    return atMs >= loadedAtMs && atMs <= userSpaceAtMs ? atMs : null;
  }

  /** Without the first process's own mark the agent's port says nothing about the initrd. */
  #agentBetween(userSpaceAtMs: number | null): number | null {
    if (this.#agentAtMs === null || userSpaceAtMs === null) return null;
    // Stamped by QEMU, where the mark is stamped when Nandu reads it.
    const atMs = Math.max(this.#agentAtMs, userSpaceAtMs);
    return this.#readyAtMs !== null && atMs > this.#readyAtMs ? null : atMs;
  }

  /**
   * The user-space mark is stamped when Nandu reads it, ready when QEMU sends it: on a busy host the
   * first can come out later than the second, although the guest did them in order.
   */
  #userSpaceNoLaterThanReady(): number | null {
    if (this.#userSpaceAtMs === null || this.#readyAtMs === null) return this.#userSpaceAtMs;
    const lateMs = this.#userSpaceAtMs - this.#readyAtMs;
    return lateMs > 0 && lateMs <= latenessMs ? this.#readyAtMs : this.#userSpaceAtMs;
  }
}

/** Names a span that covers these phases. */
function nameOf(phases: readonly PhaseName[]): PhaseName {
  const main = (['kernel', 'user-space'] as const).find((name) => phases.includes(name));
  return main ?? phases[0] ?? 'kernel';
}

/** As fine as QEMU's own stamps. */
function toMicros(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
