/**
 * Reads a flooded console for the words that the bench waits for. Where it falls silent, it says whose silence that
 * was: the bench's own process, QEMU's threads, or a guest that still computes.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** As much as one replay can bring at once, and somewhat more. */
const keptCharacters = 2 * 1024 * 1024;
const keyDeadlineMs = 10_000;

/** What is looked at when nothing comes. */
export interface FloodSource {
  readonly qemuPid: number;
  readonly logPath: string;
  /** How the machine is, in Nandu's word. */
  state(): string;
}

interface Sample {
  readonly atMs: number;
  readonly logBytes: number;
  /** Processor time of QEMU's threads so far, in jiffies, with the state that each is in. */
  readonly threads: ReadonlyMap<string, { readonly ticks: number; readonly state: string }>;
}

/** One view's words, by their place in all that came. */
export class FloodWatch {
  readonly #source: FloodSource;
  readonly #waiting = new Set<(piece: string) => void>();
  readonly #delays = monitorEventLoopDelay({ resolution: 20 });
  /** The end of what came, in pieces: whoever waits looks at each once, for a search through all would be what is measured. */
  readonly #pieces: string[] = [];
  /** Where the pieces begin in all that came. */
  #start = 0;
  #end = 0;
  /** What `until` has found already ends here. */
  #read = 0;

  constructor(source: FloodSource) {
    this.#source = source;
    this.#delays.enable();
  }

  take(bytes: Uint8Array): void {
    const { buffer, byteOffset, byteLength } = bytes;
    const piece = Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
    this.#pieces.push(piece);
    this.#end += piece.length;
    while (this.#end - this.#start > keptCharacters && this.#pieces.length > 1) {
      this.#start += this.#pieces.shift()?.length ?? 0;
    }
    for (const look of [...this.#waiting]) look(piece);
  }

  /** Resolves when the word came after the one before. */
  async until(word: string, timeoutMs = 60_000): Promise<void> {
    const at = await this.#find(word, this.#read, timeoutMs);
    this.#read = at + word.length;
  }

  /** @returns `performance.now()` when what is pressed now was echoed. */
  async untilKey(key: string): Promise<number> {
    await this.#find(key, this.#end, keyDeadlineMs);
    return performance.now();
  }

  close(): void {
    this.#delays.disable();
  }

  #find(word: string, from: number, timeoutMs: number): Promise<number> {
    const before = this.#sample();
    this.#delays.reset();
    return new Promise((resolve, reject) => {
      /** The last characters that were looked at: the word may come in two pieces. */
      let carried = '';
      const look = (piece: string): boolean => {
        const text = carried + piece;
        const at = text.indexOf(word);
        if (at < 0) {
          carried = text.slice(text.length - Math.min(text.length, word.length - 1));
          return false;
        }
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(this.#end - text.length + at);
        return true;
      };
      const timer = setTimeout(() => {
        // Timers come before sockets: what lies there since this process stood still is read first.
        setImmediate(() => {
          setImmediate(() => {
            if (!this.#waiting.delete(look)) return;
            reject(new Error(`“${word}” did not come. ${this.#explain(from, before)}`));
          });
        });
      }, timeoutMs);
      this.#waiting.add(look);
      if (from < this.#end) look(this.#pieces.join('').slice(Math.max(0, from - this.#start)));
    });
  }

  #sample(): Sample {
    const { qemuPid, logPath } = this.#source;
    return {
      atMs: performance.now(),
      logBytes: statSync(logPath, { throwIfNoEntry: false })?.size ?? 0,
      threads: threadsOf(qemuPid),
    };
  }

  #explain(from: number, before: Sample): string {
    const { logPath } = this.#source;
    const now = this.#sample();
    const threads = [...now.threads].map(([name, { ticks, state }]) => {
      return `${name} ${(ticks - (before.threads.get(name)?.ticks ?? 0)) * 10} ms (${state})`;
    });
    return [
      `In ${(now.atMs - before.atMs).toFixed(0)} ms the view got ${this.#end - from} bytes, the log ${now.logBytes - before.logBytes}.`,
      `This process stood still for ${(this.#delays.max / 1e6).toFixed(0)} ms at most.`,
      `The machine is ${this.#source.state()}; QEMU's threads used ${threads.join(', ')}.`,
      `Last was ${JSON.stringify(this.#pieces.join('').slice(-200))}`,
      `${lastFlood(logPath)}`,
    ].join(' ');
  }
}

/** proc(5). A thread that ends while it is looked at is left out. */
function threadsOf(pid: number): Sample['threads'] {
  const found = new Map<string, { ticks: number; state: string }>();
  const folder = `/proc/${pid}/task`;
  try {
    for (const id of readdirSync(folder)) {
      const stat = readFileSync(`${folder}/${id}/stat`, 'latin1');
      const name = /\((.*)\)/s.exec(stat)?.[1] ?? '';
      const [state = '', ...fields] = stat.replace(/^.*\) /s, '').split(' ');
      found.set(`${name}/${id}`, { ticks: Number(fields[10]) + Number(fields[11]), state });
    }
  } catch {
    // QEMU has ended; the machine's state says so.
  }
  return found;
}

/** What the log has of the flood and right after it. */
function lastFlood(logPath: string): string {
  if (statSync(logPath, { throwIfNoEntry: false }) === undefined) return 'The log is gone.';
  const log = readFileSync(logPath, 'latin1');
  const last = log.lastIndexOf('xx') + 2;
  const count = log.split('x').length - 1;
  return `The log has ${count} times “x”, and after the last ${JSON.stringify(log.slice(last, last + 60))}`;
}
