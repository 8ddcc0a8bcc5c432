/**
 * Asks main what is wrong with a definition, once typing rests, and listens to the newest answer only.
 * Never keeps an answer: whoever made it is told.
 */
import type { AppError, Finding, MachineSpec } from '../../../shared/index.ts';
import { asAppError } from '../../api/index.ts';

/** Shorter than a pause between words, long enough to spare main every letter. */
const restMs = 250;

export interface CheckListener {
  found(findings: readonly Finding[]): void;
  failed(error: AppError): void;
}

/** One question at a time, the latest one wins. */
export class LatestCheck {
  readonly #ask: (spec: MachineSpec) => Promise<readonly Finding[]>;
  readonly #listener: CheckListener;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;

  constructor(ask: (spec: MachineSpec) => Promise<readonly Finding[]>, listener: CheckListener) {
    this.#ask = ask;
    this.#listener = listener;
  }

  /** Asks about this definition after a rest; an earlier question is forgotten. */
  request(spec: MachineSpec): void {
    this.cancel();
    const turn = this.#turn;
    this.#timer = setTimeout(() => void this.#run(spec, turn), restMs);
  }

  /** Forgets the question, and its answer should it still come. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#turn += 1;
  }

  async #run(spec: MachineSpec, turn: number): Promise<void> {
    try {
      const findings = await this.#ask(spec);
      if (turn === this.#turn) this.#listener.found(findings);
    } catch (error) {
      if (turn === this.#turn) this.#listener.failed(asAppError(error));
    }
  }
}
