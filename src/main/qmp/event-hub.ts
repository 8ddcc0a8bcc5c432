/**
 * Owns the listeners of one session and the events that came before anyone listened.
 * Must never let a listener that throws hurt the session or the other listeners.
 */
import type { QmpEvent } from './messages.ts';

/** Between negotiation and the first listener a handful of events come; this many means a defect. */
const maxEarlyEvents = 1000;

export type EventListener = (event: QmpEvent) => void;
/** Told of what went wrong in code that is not the session's. */
export type DefectListener = (error: unknown) => void;

/** Delivers events in order to everyone who listens. */
export class EventHub {
  readonly #onDefect: DefectListener;
  readonly #listeners = new Set<{ readonly listener: EventListener }>();
  /** Null once they were delivered: from then on an event without listeners is nobody's. */
  #early: QmpEvent[] | null = [];
  #droppedEarly = 0;

  constructor(onDefect: DefectListener) {
    this.#onDefect = onDefect;
  }

  /** @returns ends the subscription; may be called any number of times. */
  add(listener: EventListener): () => void {
    const entry = { listener };
    this.#listeners.add(entry);
    // Not at once: the caller has not got its disposer yet, and may be about to add a second listener.
    if (this.#early !== null) queueMicrotask(() => this.#deliverEarly());
    return () => void this.#listeners.delete(entry);
  }

  emit(event: QmpEvent): void {
    if (this.#early !== null) {
      if (this.#listeners.size === 0) {
        this.#keep(this.#early, event);
        return;
      }
      this.#deliverEarly(); // a listener was added in this very turn: order before laziness
    }
    this.#deliver(event);
  }

  #keep(early: QmpEvent[], event: QmpEvent): void {
    early.push(event);
    if (early.length <= maxEarlyEvents) return;
    // The latest say how things stand now.
    early.shift();
    this.#droppedEarly += 1;
  }

  #deliverEarly(): void {
    const early = this.#early;
    if (early === null || this.#listeners.size === 0) return;
    this.#early = null;
    if (this.#droppedEarly > 0) {
      this.#report(new Error(`${this.#droppedEarly} QMP events came before anyone listened.`));
    }
    for (const event of early) this.#deliver(event);
  }

  #deliver(event: QmpEvent): void {
    for (const entry of [...this.#listeners]) {
      if (!this.#listeners.has(entry)) continue; // ended by a listener before it
      try {
        entry.listener(event);
      } catch (error) {
        this.#report(error);
      }
    }
  }

  #report(error: unknown): void {
    try {
      this.#onDefect(error);
    } catch (reporting) {
      // Whoever reports is broken as well: what is left is Node's own warning.
      warnOfDefect(new AggregateError([error, reporting], 'A QMP listener and its report failed.'));
    }
  }
}

/** Where defects go when nobody asked for them: standard error, as a warning. */
export function warnOfDefect(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
