/**
 * Owns the two clocks of one boot: its marks come on the real-time clock, which QEMU stamps with and which
 * can be set; the monotonic one tells when that happened. Must never show a boot longer or shorter
 * than it was because somebody set the time or closed a laptop's lid.
 */
import {
  bootConditions,
  mostBootDetails,
  type BootCondition,
  type BootTimeline,
} from '../../shared/index.ts';
import type { ClockSources } from './clock.ts';
import type { ConsoleMark } from './console-marks.ts';
import { placeKernelLog, type KernelLog } from './kernel-log.ts';
import { BootRecorder } from './recorder.ts';
import type { TraceEvent } from './trace.ts';

/** systemd-timesyncd steps the clock from 400 ms on and slews it below (systemd-timesyncd.service(8)). */
const stepMs = 250;
/** A mark that is said to be older than this was stamped before the clock was set. */
const oldestMs = 10_000;

/** Phases are kept on one grid, details on another; both are finer than a microsecond and a half. */
const roundingMs = 0.0015;

/** Collects the marks of a boot as {@link BootRecorder} does, on both clocks. */
export class BootWatch {
  readonly #spawnedAtMs: number;
  readonly #monotonicZero: number;
  readonly #sources: ClockSources;
  readonly #stamped: BootRecorder;
  readonly #heard: BootRecorder;
  readonly #conditions = new Set<BootCondition>();
  #kernelLog: KernelLog | null = null;
  #stepped = false;

  /**
   * @param spawnedAtMs epoch milliseconds, just before the process was spawned.
   * @param watchedFromSpawn false where that was another app's doing: a step since then goes unseen.
   */
  constructor(
    spawnedAtMs: number,
    watchedFromSpawn: boolean,
    sources: ClockSources = { wall: () => Date.now(), monotonic: () => performance.now() },
  ) {
    this.#spawnedAtMs = spawnedAtMs;
    this.#sources = sources;
    this.#stamped = new BootRecorder(spawnedAtMs);
    this.#heard = new BootRecorder(spawnedAtMs);
    const ageMs = watchedFromSpawn ? 0 : sources.wall() - spawnedAtMs;
    this.#monotonicZero = sources.monotonic() - ageMs;
  }

  /** As {@link BootRecorder.greeted}. */
  greeted(atMs: number): void {
    this.#heard.greeted(this.#steady(atMs));
    this.#stamped.greeted(atMs);
  }

  /** As {@link BootRecorder.kernelClock}; where the clock was set it is worth nothing. */
  kernelClock(atMs: number, unpacksItself: boolean): void {
    this.#stamped.kernelClock(atMs, unpacksItself);
  }

  /** As {@link BootRecorder.agentOpened}. */
  agentOpened(atMs: number): void {
    this.#heard.agentOpened(this.#steady(atMs));
    this.#stamped.agentOpened(atMs);
  }

  /** As {@link BootRecorder.resumed}. */
  resumed(atMs: number): void {
    this.#heard.resumed(this.#steady(atMs));
    this.#stamped.resumed(atMs);
  }

  /** As {@link BootRecorder.userSpace}. */
  userSpace(atMs: number): void {
    this.#heard.userSpace(this.#steady(atMs));
    this.#stamped.userSpace(atMs);
  }

  /** As {@link BootRecorder.ready}. */
  ready(atMs: number): void {
    this.#heard.ready(this.#steady(atMs));
    this.#stamped.ready(atMs);
  }

  /** As {@link BootRecorder.trace}. */
  trace(event: TraceEvent): void {
    this.#stamped.trace(event);
  }

  /** As {@link BootRecorder.marks}. */
  marks(marks: readonly ConsoleMark[]): void {
    this.#stamped.marks(marks);
  }

  /** Something that makes the figures worse, or other than others'. */
  condition(condition: BootCondition): void {
    this.#conditions.add(condition);
  }

  /** What the kernel itself logged of its boot. The last call counts. */
  kernelLog(log: KernelLog): void {
    this.#kernelLog = log;
  }

  /**
   * The boot as far as it is known. Where the clock was set meanwhile, QEMU's own stamps are worth nothing:
   * then the phases are those of which Nandu itself heard, each as late as it heard of it, and
   * nothing is said of what was within them.
   */
  timeline(): BootTimeline {
    const conditions = new Set(this.#conditions);
    // Not looked at anew: a clock that is set after the last mark changes nothing about the boot.
    if (this.#stepped) conditions.add('clock-set');
    const heard = this.#heard.timeline();
    if (!this.#stamped.traced && heard.phases.length > 0) conditions.add('no-trace');
    const timeline = this.#stepped ? heard : this.#stamped.timeline();
    const { kernelClockMs, totalMs, details, phases } = timeline;
    const kernel = phases.find(({ name }) => name === 'kernel');
    const kernelEndMs = kernel === undefined ? undefined : kernel.startMs + kernel.durationMs;
    const reachMs = timeline.reached === 'ready' ? totalMs : Infinity;
    const log =
      this.#stepped || this.#kernelLog === null
        ? []
        : placeKernelLog(this.#kernelLog, kernelClockMs, kernelEndMs);
    return {
      ...timeline,
      // What came after the boot is no part of it; the sign itself is, in whichever way its time was rounded.
      details: [...details, ...log]
        .filter(({ startMs }) => timeline.reached !== 'ready' || startMs <= totalMs + roundingMs)
        .map((detail) => ({ ...detail, startMs: Math.max(0, Math.min(detail.startMs, reachMs)) }))
        .slice(0, mostBootDetails),
      conditions: bootConditions.filter((condition) => conditions.has(condition)),
    };
  }

  /** When a mark was made, on a real-time clock that nobody has set since the spawn. */
  #steady(atMs: number): number {
    this.#look();
    const ageMs = this.#sources.wall() - atMs;
    const heardMs = this.#sources.monotonic() - this.#monotonicZero;
    return this.#spawnedAtMs + heardMs - (ageMs >= 0 && ageMs <= oldestMs ? ageMs : 0);
  }

  #look(): void {
    const wallMs = this.#sources.wall() - this.#spawnedAtMs;
    const monotonicMs = this.#sources.monotonic() - this.#monotonicZero;
    this.#stepped ||= Math.abs(wallMs - monotonicMs) > stepMs;
  }
}
