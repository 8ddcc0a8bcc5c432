/**
 * The doctor's last report and whether an examination is under way.
 * Never mends anything: it shows commands, a person runs them.
 */
import type { AppError, DoctorReport } from '../../shared/index.ts';
import { asAppError, request } from '../api/index.ts';

/** The report as a rune; the last one stays in view while the next is made. */
export class DoctorStore {
  #report: DoctorReport | null = $state.raw(null);
  #error: AppError | null = $state.raw(null);
  #running: Promise<DoctorReport | null> | null = $state.raw(null);

  get report(): DoctorReport | null {
    return this.#report;
  }

  get error(): AppError | null {
    return this.#error;
  }

  get running(): boolean {
    return this.#running !== null;
  }

  /** Examines this computer, or waits for the examination under way. Null when it could not be made. */
  run(): Promise<DoctorReport | null> {
    this.#running ??= this.#examine().finally(() => (this.#running = null));
    return this.#running;
  }

  async #examine(): Promise<DoctorReport | null> {
    try {
      this.#report = await request('doctor:run');
      this.#error = null;
      return this.#report;
    } catch (thrown) {
      this.#error = asAppError(thrown);
      return null;
    }
  }
}
