/**
 * How a lab's boot ends: listens to its run for the one of ready, deadline, end and call-off that comes first.
 * Must never wait without a deadline.
 */
import { AppError, type BootTimeline, type RunEnd } from '../../shared/index.ts';

/** Waits for the one of ready, deadline, end and call-off that comes first. */
export class BootEnd {
  boot: BootTimeline | null = null;
  #settle: (message: string | null) => void = () => undefined;
  readonly #settled = new Promise<string | null>((resolve) => (this.#settle = resolve));

  /** @returns null for a boot that is ready, else why it failed. @throws AppError `cancelled`. */
  async wait(deadlineMs: number, signal: AbortSignal): Promise<string | null> {
    let callOff = (): void => undefined;
    const calledOff = new Promise<never>((_resolve, reject) => {
      callOff = () => reject(new AppError('cancelled', 'The experiment was called off.'));
    });
    signal.addEventListener('abort', callOff);
    if (signal.aborted) callOff();
    const timer = setTimeout(
      () => this.#settle('It neither became ready nor ended in time.'),
      deadlineMs,
    );
    try {
      return await Promise.race([this.#settled, calledOff]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', callOff);
    }
  }

  booted(boot: BootTimeline): void {
    this.boot = boot;
    if (boot.reached === 'ready') this.#settle(null);
    else if (boot.conditions.includes('deadline')) {
      this.#settle('The sign of readiness did not come in time.');
    }
  }

  ended(end: RunEnd): void {
    this.#settle(end.message);
  }

  moved(): void {
    // A lab's boot is never paused; a guest that suspends runs into its deadline.
  }

  folderLost(): void {
    // A container that lost a folder before it was ready will say so by its end.
  }

  unreachable(): void {
    this.#settle('QEMU’s monitor hung up.');
  }

  containerChanged(): void {
    // What the command does after its start is not part of the boot.
  }
}
