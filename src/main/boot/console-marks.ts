/**
 * Owns the search for the boot's marks in what a guest prints on its console.
 * Must never trust that output, keep more of it than one short line, or hold up whoever drains it.
 *
 * The marks: `nandu: user space uptime=SECONDS` and `nandu: ready uptime=SECONDS` are printed by
 * Nandu's own init (resources/guest/init); for any other init the kernel's line
 * `Run PATH as init process` (Linux init/main.c, `run_init_process`) stands in for the first,
 * unless `quiet` hides it. `nandu: kernel clock lag=SECONDS` comes from our init where it was asked for. A guest's own marks are lines `nandu: mark NAME`, anyone's.
 */
import { markNameSchema, type ReadySign } from '../../shared/index.ts';

/** A mark lies within the last so many characters of its line, or is not found. */
const maxLineLength = 256;
/** Distributions print a few hundred KiB while they boot; after this much nothing is expected. */
const maxScannedBytes = 4 * 1024 * 1024;
/** A sign that a person chose may come after a long story; the deadline ends the wait anyway. */
const maxScannedForSign = 64 * 1024 * 1024;
/** A guest can print any number of its own marks. */
const maxMarks = 50;

const userSpacePattern = /nandu: user space uptime=(\d{1,9}(?:\.\d{1,9})?)\s*$/;
const readyPattern = /nandu: ready(?: uptime=(\d{1,9}(?:\.\d{1,9})?))?\s*$/;
const lagPattern = /nandu: kernel clock lag=(\d{1,2}(?:\.\d{1,9})?)\s*$/;
/**
 * Nothing stands before it but colours and the kernel's time: what is typed into a shell is echoed behind its
 * prompt. `m` ends a colour's sequence.
 */
const markPattern = /(?:^|\r|\] |\[[\d;]*m)nandu: mark (\S{1,40})\s*$/;
const runInitPattern = /Run \/\S* as init process\s*$/;
/** One of these is in every line above; looking for them first keeps the usual chunk cheap. */
const hints = ['nandu: ', ' as init process'] as const;

/** Whose word the user-space mark is: our init's, or the kernel's line just before any init. */
export type UserSpaceSource = 'init' | 'kernel';

/** One of the guest's own marks. */
export interface ConsoleMark {
  readonly name: string;
  readonly atMs: number;
}

interface Mark {
  readonly atMs: number;
  readonly uptimeSeconds: number | null;
}

/** Finds the marks in a console's bytes, wherever the chunks were cut. */
export class ConsoleMarkScanner {
  readonly #sign: ReadySign;
  readonly #marks: ConsoleMark[] = [];
  /** The text that means ready, its bytes as latin1; null where that is no text. */
  readonly #text: string | null;
  #textTail = '';
  #init: Mark | null = null;
  #kernel: Mark | null = null;
  #ready: Mark | null = null;
  #lagSeconds: number | null = null;
  #line = '';
  #scannedBytes = 0;
  #done = false;

  /** @param sign what means ready; a console's text and a marker are looked for in place of the init's line. */
  constructor(sign: ReadySign = { kind: 'automatic' }) {
    this.#sign = sign;
    this.#text = sign.kind === 'console' ? Buffer.from(sign.text).toString('latin1') : null;
  }

  /**
   * @param chunk the next bytes, any bytes.
   * @param atMs when they arrived, epoch milliseconds. A mark counts from the end of its line.
   * @returns whether a getter below has changed.
   */
  feed(chunk: Uint8Array, atMs: number): boolean {
    if (this.#done) return false;
    this.#scannedBytes += chunk.byteLength;
    // latin1: every byte is a character, so no cut through a UTF-8 sequence can hide a mark.
    const fresh = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
    const text = this.#line + fresh;
    const lastNewline = text.lastIndexOf('\n');
    this.#line = text.slice(Math.max(lastNewline + 1, text.length - maxLineLength));
    let changed = false;
    if (lastNewline !== -1 && hints.some((hint) => text.includes(hint))) {
      for (const line of text.slice(0, lastNewline).split('\n')) {
        if (this.#read(line.slice(-maxLineLength), atMs)) changed = true;
      }
    }
    if (this.#findText(fresh, atMs)) changed = true;
    // Readiness comes last: who is ready without a user-space mark will not print one any more.
    if (this.#ready !== null || this.#scannedBytes >= this.#maxBytes) {
      this.#done = true;
      this.#line = '';
      this.#textTail = '';
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

  /** How much longer the kernel had run than its uptime says; null where init did not say. */
  get uptimeLagSeconds(): number | null {
    return this.#lagSeconds;
  }

  /** When the guest printed that it is ready, epoch milliseconds; null while unseen. */
  get readyAtMs(): number | null {
    return this.#ready?.atMs ?? null;
  }

  /** The guest's own clock at the ready mark, seconds since its kernel started. */
  get readyUptimeSeconds(): number | null {
    return this.#ready?.uptimeSeconds ?? null;
  }

  /** The guest's own marks in their order; the first of each name counts, and the first 50 names. */
  get marks(): readonly ConsoleMark[] {
    return this.#marks;
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
    const lag = this.#lagSeconds === null ? lagPattern.exec(line)?.[1] : undefined;
    if (lag !== undefined) {
      this.#lagSeconds = Number(lag);
      return true;
    }
    const mark = markPattern.exec(line)?.[1];
    if (mark !== undefined) return this.#mark(mark, atMs);
    const ready = readyPattern.exec(line);
    if (ready === null || !this.#initTells) return false;
    this.#ready = { atMs, uptimeSeconds: ready[1] === undefined ? null : Number(ready[1]) };
    return true;
  }

  /** Nandu's init prints its line when it is there itself, or when it found that a port listens. */
  get #initTells(): boolean {
    return this.#sign.kind === 'automatic' || this.#sign.kind === 'port';
  }

  get #maxBytes(): number {
    return this.#initTells ? maxScannedBytes : maxScannedForSign;
  }

  #mark(name: string, atMs: number): boolean {
    if (!markNameSchema.safeParse(name).success) return false;
    const chosen = this.#sign.kind === 'marker' && this.#sign.name === name;
    if (chosen) this.#ready = { atMs, uptimeSeconds: null };
    if (this.#marks.length >= maxMarks || this.#marks.some((mark) => mark.name === name)) {
      return chosen;
    }
    this.#marks.push({ name, atMs });
    return true;
  }

  /** The text need not end its line: “login: ” has no end while somebody is waited for. */
  #findText(fresh: string, atMs: number): boolean {
    if (this.#text === null || this.#ready !== null) return false;
    const seen = this.#textTail + fresh;
    // One less than the text: what was looked through already cannot be found twice.
    this.#textTail = seen.slice(Math.max(0, seen.length - this.#text.length + 1));
    if (!seen.includes(this.#text)) return false;
    this.#ready = { atMs, uptimeSeconds: null };
    return true;
  }
}
