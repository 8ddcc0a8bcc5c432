/**
 * What this computer offers, as main last found it.
 * Never concludes anything itself: whether KVM works or QEMU is missing is main's finding.
 */
import type { AppError, HostStatus } from '../../shared/index.ts';
import { asAppError, request, subscribe } from '../api/index.ts';

/** The host's status as a rune, kept current by main's events. */
export class HostStore {
  #status: HostStatus | null = $state.raw(null);
  #error: AppError | null = $state.raw(null);
  #refreshing = $state(false);
  /** Counts the events, so that a slow answer does not undo a newer event. */
  #changes = 0;

  get status(): HostStatus | null {
    return this.#status;
  }

  get error(): AppError | null {
    return this.#error;
  }

  get refreshing(): boolean {
    return this.#refreshing;
  }

  /** Listens to main until the returned function is called. */
  connect(): () => void {
    return subscribe('host:changed', (status) => {
      this.#changes += 1;
      this.#status = status;
      this.#error = null;
    });
  }

  async load(): Promise<void> {
    await this.#ask('host:status');
  }

  /** Looks for everything again; the answer can take as long as a probe boot. */
  async refresh(): Promise<void> {
    if (this.#refreshing) return;
    this.#refreshing = true;
    try {
      await this.#ask('host:refresh');
    } finally {
      this.#refreshing = false;
    }
  }

  async #ask(name: 'host:status' | 'host:refresh'): Promise<void> {
    const changes = this.#changes;
    try {
      const status = await request(name);
      if (changes === this.#changes) this.#status = status;
      this.#error = null;
    } catch (error) {
      this.#error = asAppError(error);
    }
  }
}
