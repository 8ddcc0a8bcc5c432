/**
 * Connects one terminal with one machine's console stream and knows how that connection is.
 * Never keeps the console's past: main replays it whenever a stream opens.
 */
import type { AppError, ToView } from '../../shared/index.ts';
import {
  asAppError,
  openConsoleStream,
  type ConsoleSource,
  type ConsoleStream,
} from '../api/index.ts';
import type { ConsoleTerminal } from './console-terminal.ts';
import type { MakeTerminal } from './terminal-place.ts';

/** Well below what main takes in one message. */
const maxInputLength = 64 * 1024;

/** Wishes that the terminal's keys express. */
export interface SessionListener {
  searchWanted(): void;
  leaveWanted(): void;
}

/** A terminal with its stream, as runes; lives until {@link ConsoleSession.dispose}. */
export class ConsoleSession {
  readonly #source: ConsoleSource;
  readonly #terminal: ConsoleTerminal;
  readonly #ended = new AbortController();
  #stream: ConsoleStream | null = null;
  #phase: 'opening' | 'open' | 'closed' = $state('opening');
  #end: { exitCode: number | null; message: string } | null = $state.raw(null);
  #error: AppError | null = $state.raw(null);
  #connected = $state(false);
  #truncated = $state(false);
  #hasSelection = $state(false);
  #found: { index: number; count: number } = $state.raw({ index: -1, count: 0 });

  constructor(source: ConsoleSource, makeTerminal: MakeTerminal, listener: SessionListener) {
    this.#source = source;
    this.#terminal = makeTerminal({
      input: (data) => this.#sendInput(data),
      size: () => this.#sendSize(),
      found: (index, count) => (this.#found = { index, count }),
      selected: (hasSelection) => (this.#hasSelection = hasSelection),
      searchWanted: () => listener.searchWanted(),
      leaveWanted: () => listener.leaveWanted(),
    });
    void this.open();
  }

  get phase(): 'opening' | 'open' | 'closed' {
    return this.#phase;
  }

  /** How a shell or program ended; null while it runs, and always for a console. */
  get end(): { exitCode: number | null; message: string } | null {
    return this.#end;
  }

  get error(): AppError | null {
    return this.#error;
  }

  /** Whether what is typed has somewhere to go. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Whether older output is only in the log. */
  get truncated(): boolean {
    return this.#truncated;
  }

  get hasSelection(): boolean {
    return this.#hasSelection;
  }

  get found(): { index: number; count: number } {
    return this.#found;
  }

  get terminal(): ConsoleTerminal {
    return this.#terminal;
  }

  /** Opens the stream, at first and after it was lost. */
  async open(): Promise<void> {
    this.#phase = 'opening';
    this.#error = null;
    try {
      const stream = await openConsoleStream(
        this.#source,
        { message: (message) => this.#receive(message), closed: () => this.#closed() },
        this.#ended.signal,
      );
      if (this.#ended.signal.aborted) return stream.close();
      this.#stream = stream;
      this.#phase = 'open';
      this.#sendSize();
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      this.#phase = 'closed';
      this.#error = asAppError(error);
    }
  }

  dispose(): void {
    this.#ended.abort();
    this.#stream?.close();
    this.#stream = null;
    this.#terminal.dispose();
  }

  #receive(message: ToView): void {
    if (this.#ended.signal.aborted) return;
    switch (message.type) {
      case 'replay':
        this.#truncated = message.truncated;
        return this.#terminal.replay(message.data, this.#acknowledge(message.data));
      case 'data':
        return this.#terminal.write(message.data, this.#acknowledge(message.data));
      case 'state':
        this.#connected = message.connected;
        return;
      case 'ended':
        this.#connected = false;
        this.#end = { exitCode: message.exitCode, message: message.message };
    }
  }

  #acknowledge(data: Uint8Array): () => void {
    const bytes = data.byteLength;
    return () => this.#stream?.send({ type: 'ack', bytes });
  }

  /** A large paste goes in pieces; a pair of surrogates is never parted. */
  #sendInput(data: string): void {
    for (let start = 0; start < data.length;) {
      let end = Math.min(start + maxInputLength, data.length);
      if (end < data.length && /[\ud800-\udbff]/.test(data[end - 1] ?? '')) end -= 1;
      this.#stream?.send({ type: 'input', data: data.slice(start, end) });
      start = end;
    }
  }

  #sendSize(): void {
    this.#stream?.send({ type: 'size', ...this.#terminal.size });
  }

  #closed(): void {
    this.#stream = null;
    this.#connected = false;
    if (!this.#ended.signal.aborted) this.#phase = 'closed';
  }
}
