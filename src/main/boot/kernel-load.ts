/**
 * Owns the reading of a trace's fw_cfg selects: when the firmware began and ceased to load the kernel.
 * Must never take what the kernel itself does later for the firmware's work.
 *
 * Seen with QEMU 7.2 (microvm, TCG, 256 MiB; milliseconds since RESUME), keys in hexadecimal:
 * - qboot (Debian's bios-microvm.bin is a link to it, so with and without ACPI) reads 01 id and
 *   19 file directory at 1 to 10, ACPI tables (20 and up), 05, 8002, then within 1 ms the sizes
 *   14 0b 08 17 16 and the header 18. A PVH ELF goes on with 14 15 (command line), 0b 0a 12 (initrd),
 *   08 and, last of all, 10 (entry), 0.7 to 20 later. A bzImage goes on with 11 11 (kernel), 15, 12.
 * - SeaBIOS reads about 20 other keys first. Its option ROMs then read, without a key of another
 *   kind between: pvh.bin 01, 14 15 0b 0a 12 10; linuxboot_dma.bin 16 17 18 0a 0b 12 07 08 11 13 14 15.
 * - Linux's own driver (drivers/firmware/qemu_fw_cfg.c) probes about 2.8 s later: 00 signature, 01 id,
 *   19 file directory. It offers only files, never the kernel's keys; other guests may read those.
 * - QEMU itself selects 00 when it resets the device, before RESUME.
 * - virtio status: 0 at each reset, before RESUME too; 1, 3, 7 when Linux or SeaBIOS binds a driver.
 */
import type { TraceEvent } from './trace.ts';

/** include/standard-headers/linux/qemu_fw_cfg.h: addresses, sizes and data of kernel, initrd, command line, setup. */
const kernelKeys: ReadonlySet<number> = new Set([
  0x07, 0x08, 0x0a, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
]);
const signatureKey = 0x00;
/** A boot has some 40 selects and status changes; a guest can cause more, and they tell nothing new. */
const maxMoments = 4096;

type MomentKind = 'kernel-key' | 'kernel-runs';

/** When the firmware loaded the kernel, epoch milliseconds. */
export interface KernelLoadSpan {
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** Collects trace events in any order; the same event twice counts once. */
export class KernelLoadFinder {
  readonly #moments = new Map<number, MomentKind>();
  #runningAtMs: number | null = null;

  /** @param event any event of the trace. */
  add(event: TraceEvent): void {
    if (event.kind === 'runstate') {
      if (event.to !== 'running') return;
      if (this.#runningAtMs === null || event.atMs < this.#runningAtMs) {
        this.#runningAtMs = event.atMs;
      }
      return;
    }
    const kind = momentKind(event);
    if (kind === null || this.#moments.has(event.atMs)) return;
    if (this.#moments.size < maxMoments) this.#moments.set(event.atMs, kind);
  }

  /** When QEMU first let the CPUs run, by its own trace; null while unseen. */
  get runningAtMs(): number | null {
    return this.#runningAtMs;
  }

  /**
   * The span of the kernel's keys, ended by the first sign that a kernel runs: the signature is read
   * anew, or a virtio driver greets its device. Before the first of those keys, both are firmware.
   * @param untilMs nothing later is firmware: when user space ran, or Infinity.
   * @returns null when the firmware asked for no kernel, or nothing was traced.
   */
  span(untilMs: number): KernelLoadSpan | null {
    // Both stamps are QEMU's own: nothing that precedes this one was read by a guest.
    const fromMs = this.#runningAtMs ?? Number.NEGATIVE_INFINITY;
    const ordered = [...this.#moments].sort(([one], [other]) => one - other);
    let span = null as KernelLoadSpan | null;
    for (const [atMs, kind] of ordered) {
      if (atMs < fromMs) continue;
      if (atMs > untilMs) break;
      if (kind === 'kernel-key') {
        span = { firstAtMs: span === null ? atMs : span.firstAtMs, lastAtMs: atMs };
      } else if (span !== null) break;
    }
    return span;
  }
}

function momentKind(event: TraceEvent): MomentKind | null {
  if (event.kind === 'virtio-status') return event.status > 0 ? 'kernel-runs' : null;
  if (event.kind !== 'fw-cfg-select') return null;
  if (event.key === signatureKey) return 'kernel-runs';
  return kernelKeys.has(event.key) ? 'kernel-key' : null;
}
