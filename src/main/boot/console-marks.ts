/**
 * Owns the search for the boot's marks in what a guest prints on its console.
 * Must never trust that output, keep more of it than one short line, or hold up whoever drains it.
 *
 * The marks: `nandu: user space uptime=SECONDS` and `nandu: ready uptime=SECONDS` are printed by
 * Nandu's own init (resources/guest/init); for any other init the kernel's line
 * `Run PATH as init process` (Linux init/main.c, `run_init_process`) stands in for the first,
 * unless `quiet` hides it.
 */

/** A mark lies within the last so many characters of its line, or is not found. */
const maxLineLength = 256;
/** Distributions print a few hundred KiB while they boot; after this much nothing is expected. */
const maxScannedBytes = 4 * 1024 * 1024;

const userSpacePattern = /nandu: user space uptime=(\d{1,9}(?:\.\d{1,9})?)\s*$/;
const readyPattern = /nandu: ready(?: uptime=(\d{1,9}(?:\.\d{1,9})?))?\s*$/;
const runInitPattern = /Run \/\S* as init process\s*$/;
/** One of these is in every line above; looking for them first keeps the usual chunk cheap. */
const hints = ['nandu: ', ' as init process'] as const;

/** Whose word the user-space mark is: our init's, or the kernel's line just before any init. */
export type UserSpaceSource = 'init' | 'kernel';

interface Mark {
  readonly atMs: number;
  readonly uptimeSeconds: number | null;
}

/** Finds the marks in a console's bytes, wherever the chunks were cut. */
export class ConsoleMarkScanner {
  #init: Mark | null = null;
  #kernel: Mark | null = null;
  #ready: Mark | null = null;
  #line = '';
  #scannedBytes = 0;
  #done = false;

  /**
   * @param chunk the next bytes, any bytes.
   * @param atMs when they arrived, epoch milliseconds. A mark counts from the end of its line.
   * @returns whether a getter below has changed.
   */
  feed(chunk: Uint8Array, atMs: number): boolean {
    if (this.#done) return false;
    this.#scannedBytes += chunk.byteLength;
    // latin1: every byte is a character, so no cut through a UTF-8 sequence can hide a mark.
    const text =
      this.#line + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
    const lastNewline = text.lastIndexOf('\n');
    this.#line = text.slice(Math.max(lastNewline + 1, text.length - maxLineLength));
    let changed = false;
    if (lastNewline !== -1 && hints.some((hint) => text.includes(hint))) {
      for (const line of text.slice(0, lastNewline).split('\n')) {
        if (this.#read(line.slice(-maxLineLength), atMs)) changed = true;
      }
    }
    // Readiness comes last: who is ready without a user-space mark will not print one any more.
    if (this.#ready !== null || this.#scannedBytes >= maxScannedBytes) {
      this.#done = true;
      this.#line = '';
    }
    return changed;
  }

  /**
   * When the first process ran, epoch milliseconds; null while unseen. Our init's mark replaces the
   * kernel's line, which comes a little earlier but is hidden by `quiet`.
   */
  get userSpaceAtMs(): number | null {
    return (this.#init ?? this.#kernel)?.atMs ?? null;
  }

  get userSpaceSource(): UserSpaceSource | null {
    if (this.#init !== null) return 'init';
    return this.#kernel === null ? null : 'kernel';
  }

  /** The guest's own clock at the user-space mark, seconds since its kernel started. */
  get userSpaceUptimeSeconds(): number | null {
    return this.#init?.uptimeSeconds ?? null;
  }

  /** When the guest printed that it is ready, epoch milliseconds; null while unseen. */
  get readyAtMs(): number | null {
    return this.#ready?.atMs ?? null;
  }

  /** The guest's own clock at the ready mark, seconds since its kernel started. */
  get readyUptimeSeconds(): number | null {
    return this.#ready?.uptimeSeconds ?? null;
  }

  /** Whether further output is ignored: all was found, or too much came without it. */
  get done(): boolean {
    return this.#done;
  }

  #read(line: string, atMs: number): boolean {
    // The first of each counts: whatever prints the words again later is not the boot.
    if (this.#ready !== null) return false;
    if (this.#init === null) {
      const userSpace = userSpacePattern.exec(line);
      if (userSpace !== null) {
        this.#init = { atMs, uptimeSeconds: Number(userSpace[1]) };
        return true;
      }
      if (this.#kernel === null && runInitPattern.test(line)) {
        this.#kernel = { atMs, uptimeSeconds: null };
        return true;
      }
    }
    const ready = readyPattern.exec(line);
    if (ready === null) return false;
    this.#ready = { atMs, uptimeSeconds: ready[1] === undefined ? null : Number(ready[1]) };
    return true;
  }
}
