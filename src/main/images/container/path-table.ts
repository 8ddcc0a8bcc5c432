/**
 * A table from paths to small numbers that holds no path: twelve bytes for each, whatever its length.
 * Two paths are told apart by 64 bits that nobody can foresee; in an image of a million the odds are 1 in 10^7.
 */
import { randomFillSync } from 'node:crypto';

const empty = 0;

/** Of one image. Twelve bytes each in a table that is half empty, and half of it again while it grows. */
export const maxPaths = 1_000_000;

/** Hashes of a path and of all folders above it, made in one pass. */
export class PathHash {
  readonly #seed = randomFillSync(new Uint32Array(2));
  /** Pairs, one for each folder above and the last for the path itself. */
  readonly pairs: number[] = [];

  /** @returns how many pairs there are; `pairs` is as this call left it until the next. */
  read(path: string): number {
    let high = this.#seed[0] ?? 0;
    let low = this.#seed[1] ?? 0;
    let count = 0;
    for (let at = 0; at <= path.length; at += 1) {
      const code = at === path.length ? 0x2f : path.charCodeAt(at);
      if (code === 0x2f) {
        this.pairs[2 * count] = finish(high);
        // Zero means an empty place.
        this.pairs[2 * count + 1] = finish(low) || 1;
        count += 1;
      }
      high = Math.imul(high ^ code, 0x01000193) ^ (low >>> 15);
      low = Math.imul(low ^ code, 0x5bd1e995) ^ (high >>> 13);
    }
    return count;
  }
}

/** MurmurHash3's last step: every bit counts for every other. */
function finish(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Open addressing; grows, never shrinks. */
export class PathTable {
  #high = new Uint32Array(1024);
  #low = new Uint32Array(1024);
  #values = new Uint32Array(1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @returns 0 for what is not in it. */
  get(high: number, low: number): number {
    return this.#values[this.#place(high, low)] ?? 0;
  }

  set(high: number, low: number, value: number): void {
    let place = this.#place(high, low);
    if (this.#low[place] === empty) {
      if (3 * (this.#size + 1) > 2 * this.#low.length) {
        this.#grow();
        place = this.#place(high, low);
      }
      this.#size += 1;
    }
    this.#high[place] = high;
    this.#low[place] = low;
    this.#values[place] = value;
  }

  #place(high: number, low: number): number {
    const mask = this.#low.length - 1;
    let place = (low ^ high) & mask;
    while (this.#low[place] !== empty && (this.#low[place] !== low || this.#high[place] !== high)) {
      place = (place + 1) & mask;
    }
    return place;
  }

  #grow(): void {
    const [high, low, values] = [this.#high, this.#low, this.#values];
    this.#high = new Uint32Array(2 * low.length);
    this.#low = new Uint32Array(2 * low.length);
    this.#values = new Uint32Array(2 * low.length);
    for (let at = 0; at < low.length; at += 1) {
      if (low[at] === empty) continue;
      const place = this.#place(high[at] ?? 0, low[at] ?? 0);
      this.#high[place] = high[at] ?? 0;
      this.#low[place] = low[at] ?? 0;
      this.#values[place] = values[at] ?? 0;
    }
  }
}
