/**
 * What holds a guest's CPUs: a pause that was asked for, a signal to QEMU's process, or QEMU itself, which cannot go on.
 * Tells what it comes to; what is done about it is others' business.
 */
import type { Activity } from '../../shared/index.ts';
import type { QemuProcess } from '../qemu/index.ts';
import type { QmpEvent, QmpSession } from '../qmp/index.ts';

/** What can hold a guest's CPUs although nobody asked for a pause. */
export type Hold = Extract<Activity, 'suspended' | 'disk-error' | 'qemu-error'>;

const questionDeadlineMs = 5_000;

/** Where it hears and tells. */
export interface GuestHoldParts {
  readonly process: QemuProcess;
  /** Null where nobody can be asked. */
  readonly monitor: () => QmpSession | null;
  /** Whether QEMU has said that it ends: it halts the CPUs of such a machine, too. */
  readonly ends: () => boolean;
  /** @param hold what holds it, where that is not a pause that was asked for. */
  readonly tell: (held: boolean, hold: Hold | null) => void;
}

/** Of one run. */
export class GuestHold {
  readonly #parts: GuestHoldParts;
  #halted: boolean;
  #suspended = false;
  #pauseAsked = false;
  #cause: Hold | null = null;

  /** @param halted whether the guest's CPUs do not run now. */
  constructor(parts: GuestHoldParts, halted: boolean) {
    this.#parts = parts;
    this.#halted = halted;
  }

  /** Whether QEMU has halted the CPUs. */
  get halted(): boolean {
    return this.#halted;
  }

  /** Whether a signal has stopped QEMU's process. */
  get suspended(): boolean {
    return this.#suspended;
  }

  /** The next halt is one that was asked for. */
  expectPause(): void {
    this.#pauseAsked = true;
  }

  /** Passes over what is not about the CPUs. */
  hear({ event }: QmpEvent): void {
    if (event === 'STOP' && !this.#parts.ends()) {
      this.#halted = true;
      if (this.#pauseAsked) this.#tell();
      else void this.#askWhy();
    }
    if (event === 'RESUME') {
      this.#halted = false;
      this.#pauseAsked = false;
      this.#cause = null;
      this.#tell();
    }
  }

  /** Looks whether the process was suspended or woken by a signal, which QEMU itself cannot tell. */
  look(): void {
    const { suspended } = this.#parts.process;
    if (suspended === this.#suspended) return;
    this.#suspended = suspended;
    this.#tell();
  }

  /** Nobody asked for this halt: QEMU makes it itself when it cannot go on (qapi/run-state.json, RunState). */
  async #askWhy(): Promise<void> {
    const answer = await this.#parts
      .monitor()
      ?.execute('query-status', undefined, { deadlineMs: questionDeadlineMs })
      .catch(() => null); // it ends, or hung up: then that is told
    if (answer?.status === 'io-error') this.#cause = 'disk-error';
    if (answer?.status === 'internal-error') this.#cause = 'qemu-error';
    if (!this.#parts.ends() && this.#halted) this.#tell();
  }

  #tell(): void {
    const held = this.#halted || this.#suspended;
    this.#parts.tell(held, this.#suspended ? 'suspended' : this.#cause);
  }
}
