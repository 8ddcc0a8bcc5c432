/**
 * Knows for each QEMU and guest kernel whether KVM really boots here, by a probe boot that is remembered.
 * Never lets two probes of the same pair run at once.
 */
import { z } from 'zod';
import type { GuestKernel, KvmStatus } from '../../shared/index.ts';
import type { QemuBinary } from '../host/index.ts';
import { probeKvm, type KvmVerdict } from '../qemu/index.ts';
import type { ProbeRepository } from '../store/index.ts';

const verdictSchema = z.object({ works: z.boolean(), reason: z.string(), atMs: z.number() });
/** What did not work may have been mended since. */
const refusalLastsMs = 24 * 60 * 60 * 1000;

/** The probes of this host. */
export class KvmProber {
  readonly #probes: ProbeRepository;
  readonly #end = new AbortController();
  readonly #verdicts = new Map<string, KvmVerdict>();
  readonly #underWay = new Map<string, Promise<KvmVerdict>>();

  constructor(probes: ProbeRepository) {
    this.#probes = probes;
  }

  /** What is known now, without waiting. */
  status(qemu: QemuBinary, kernel: GuestKernel): KvmStatus {
    const key = keyOf(qemu, kernel);
    if (this.#underWay.has(key)) return { state: 'probing', reason: '' };
    const verdict = this.#verdicts.get(key);
    if (verdict === undefined) return { state: 'unknown', reason: '' };
    return { state: verdict.works ? 'works' : 'unusable', reason: verdict.reason };
  }

  /** The verdict, by a probe boot if none is remembered, or if `again`. */
  verdict(qemu: QemuBinary, kernel: GuestKernel, again = false): Promise<KvmVerdict> {
    const key = keyOf(qemu, kernel);
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    const known = again ? null : (this.#verdicts.get(key) ?? this.#remembered(key));
    if (known !== null) {
      this.#verdicts.set(key, known);
      return Promise.resolve(known);
    }
    const probe = probeKvm(
      { qemuPath: qemu.path, kernelPath: kernel.kernelPath, initrdPath: kernel.initrdPath },
      this.#end.signal,
    )
      .then((verdict) => {
        if (!this.#end.signal.aborted) {
          this.#verdicts.set(key, verdict);
          // A device that is missing or closed to us is quickly looked at again.
          if (verdict.booted) this.#probes.set(key, { ...verdict, atMs: Date.now() });
        }
        return verdict;
      })
      .finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, probe);
    return probe;
  }

  #remembered(key: string): KvmVerdict | null {
    const found = this.#probes.get(key, verdictSchema);
    if (found === null || (!found.works && Date.now() - found.atMs > refusalLastsMs)) return null;
    return { ...found, booted: true };
  }

  /** Ends the probes under way. */
  async dispose(): Promise<void> {
    this.#end.abort();
    await Promise.allSettled(this.#underWay.values());
  }
}

/** Guest files are named by their content, so a changed kernel or initrd is probed anew. */
function keyOf(qemu: QemuBinary, { kernelPath, initrdPath }: GuestKernel): string {
  return `kvm:${qemu.fingerprint}:${kernelPath}:${initrdPath}`;
}
