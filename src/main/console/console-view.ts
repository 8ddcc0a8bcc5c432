/**
 * One view of a console with its credit: what it may still be sent before it acknowledges.
 * A slow view never slows the guest: without credit it gets nothing, and later a fresh replay.
 */
import { consoleCreditBytes, type ToView } from '../../shared/index.ts';
import type { TailBuffer } from './tail-buffer.ts';

/** Where a view's messages go. */
export interface ViewSink {
  post(message: ToView): void;
}

/** Sends to one sink within its credit. */
export class ConsoleView {
  readonly #sink: ViewSink;
  readonly #tail: TailBuffer;
  #outstandingBytes = 0;
  #behind = false;

  constructor(sink: ViewSink, tail: TailBuffer) {
    this.#sink = sink;
    this.#tail = tail;
  }

  /** Shows the past anew, for example when the view opens or a new run begins. */
  replay(): void {
    const { data, truncated } = this.#tail.snapshot();
    this.#behind = false;
    this.#outstandingBytes += data.byteLength;
    this.#sink.post({ type: 'replay', data, truncated });
  }

  /** Shows the past anew as soon as the view has drawn what it was sent: some of it is not shown otherwise. */
  refresh(): void {
    if (this.#outstandingBytes === 0) this.replay();
    else this.#behind = true;
  }

  /** New output, which the tail already holds. */
  send(data: Uint8Array): void {
    if (this.#behind) return;
    if (this.#outstandingBytes >= consoleCreditBytes) {
      this.#behind = true;
      return;
    }
    this.#outstandingBytes += data.byteLength;
    this.#sink.post({ type: 'data', data });
  }

  /** The view has drawn so many bytes. */
  acknowledge(bytes: number): void {
    // A page that acknowledges more than it got gains nothing by it.
    this.#outstandingBytes = Math.max(0, this.#outstandingBytes - bytes);
    if (this.#behind && this.#outstandingBytes === 0) this.replay();
  }

  state(connected: boolean): void {
    this.#sink.post({ type: 'state', connected });
  }
}
