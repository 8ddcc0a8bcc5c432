/**
 * Decides which entries of an image's layers are in the flattened root, reading the layers from the top down:
 * what is above is known by then, so nothing has to be read twice for it. Pure; of names it holds only those of
 * folders that no layer describes.
 */
import { NameBudget } from './name-budget.ts';
import { NeedsPlan } from './needs-plan.ts';
import { maxPaths, PathHash, PathTable } from './path-table.ts';
import { refused } from './refusal.ts';
import type { TarKind } from './tar-entry.ts';
import { readWhiteout } from './whiteout.ts';

/** Docker's storage has 127. */
export const maxLayers = 500;
/** What becomes of an entry. */
export type Fate = 'take' | 'hidden' | 'whiteout';

// What is known of a path, in the bits of one number. Layers are counted from 1 at the top; 0 is none.
const folderKind = 1;
const symlinkKind = 2;
const otherKind = 3;
const kindMask = 3;
/** Something taken is below it: it must be a folder. */
const neededBit = 4;
const layerMask = 0x1ff;
/** The layer it is taken from; the topmost that hides it further down; the topmost that hides what is in it. */
const shifts = { taken: 3, blocked: 12, opaque: 21 } as const;

type Field = keyof typeof shifts;

const layerIn = (value: number, field: Field): number => (value >>> shifts[field]) & layerMask;

/** The layers of one image. */
export class LayerMerge {
  readonly #isPlanned: boolean;
  readonly #hash = new PathHash();
  readonly #paths = new PathTable();
  /** Folders and symbolic links of the current layer. */
  #own = new PathTable();
  /** Folders that something taken is in and no layer has described yet. */
  readonly #missing = new Set<string>();
  readonly #missingNames = new NameBudget();
  /** Folders that a layer went through without describing them: further down one may prove to be a link. */
  readonly #unsure = new Map<string, number>();
  readonly #unsureNames = new NameBudget();
  #opaqueRoot = 0;
  #layer = 0;

  /** @param isPlanned no link is in an entry's way and none comes twice in a layer, for a plan saw to that. */
  constructor(isPlanned: boolean) {
    this.#isPlanned = isPlanned;
  }

  /** Begins the next layer further down. */
  beginLayer(): void {
    this.#own = new PathTable();
    this.#layer += 1;
    if (this.#layer > maxLayers) throw refused(`it has more than ${maxLayers} layers`);
  }

  /**
   * @param path as TarEntry's, but not the root.
   * @throws NeedsPlan where only a plan can tell what becomes of it.
   */
  admit(path: string, kind: TarKind): Fate {
    const whiteout = readWhiteout(path);
    if (!this.#isPlanned) this.#watch(path, whiteout === null ? kind : null);
    if (whiteout !== null) {
      if (whiteout.kind === 'one') this.#mark(whiteout.path, 'blocked');
      if (whiteout.kind === 'all') this.#mark(whiteout.folder, 'opaque');
      return 'whiteout';
    }
    const last = this.#hash.read(path) - 1;
    const value = this.#valueAt(last);
    if (this.#isHidden(last, value)) return 'hidden';
    const isTaken = layerIn(value, 'taken') > 0;
    if (layerIn(value, 'taken') === this.#layer && !this.#isPlanned) throw new NeedsPlan();
    const isFolderAbove = isTaken ? (value & kindMask) === folderKind : (value & neededBit) !== 0;
    if (kind !== 'directory' && isFolderAbove) {
      // It has ended the folder of that name further down.
      if (layerIn(value, 'blocked') === 0) this.#setAt(last, value | (this.#layer << 12));
      return 'hidden';
    }
    if (isTaken) return 'hidden';
    this.#take(path, last, kind, value);
    return 'take';
  }

  /** A hard link refers to a path as if it were in it. @throws NeedsPlan as {@link admit}. */
  refer(path: string): void {
    if (!this.#isPlanned) this.#watch(path, null);
  }

  /** What an entry still hides that another of its own layer came in the place of. */
  supersede(path: string, kind: TarKind): void {
    if (kind !== 'directory') this.#mark(path, 'blocked');
  }

  /** From which layer, counted from 0 at the top, a path of the flattened root comes; null when it has none. */
  layerOf(path: string): number | null {
    const layer = layerIn(this.#valueAt(this.#hash.read(path) - 1), 'taken');
    return layer === 0 ? null : layer - 1;
  }

  /** Folders that something lies in and no layer describes; parents first. */
  missingFolders(): string[] {
    return [...this.#missing].sort();
  }

  #valueAt(index: number): number {
    const { pairs } = this.#hash;
    return this.#paths.get(pairs[2 * index] ?? 0, pairs[2 * index + 1] ?? 0);
  }

  #setAt(index: number, value: number): void {
    const { pairs } = this.#hash;
    this.#paths.set(pairs[2 * index] ?? 0, pairs[2 * index + 1] ?? 0, value >>> 0);
    if (this.#paths.size > maxPaths) throw refused(`it has more than ${maxPaths} files`);
  }

  #take(path: string, last: number, kind: TarKind, value: number): void {
    const bits = kind === 'directory' ? folderKind : kind === 'symlink' ? symlinkKind : otherKind;
    this.#setAt(last, value | bits | (this.#layer << shifts.taken));
    if (kind === 'directory' && this.#missing.delete(path)) this.#missingNames.give(path);
    let end = path.lastIndexOf('/');
    for (let index = last - 1; index >= 0; index -= 1) {
      const above = this.#valueAt(index);
      if ((above & neededBit) !== 0) break;
      this.#setAt(index, above | neededBit);
      if (layerIn(above, 'taken') === 0) this.#miss(path.slice(0, end));
      end = path.lastIndexOf('/', end - 1);
    }
  }

  #miss(folder: string): void {
    this.#missing.add(folder);
    if (this.#missingNames.take(folder)) return;
    throw refused('far too many of its folders are not described');
  }

  /** From the next layer on; the topmost counts. */
  #mark(path: string, field: 'blocked' | 'opaque'): void {
    if (path === '') {
      this.#opaqueRoot ||= this.#layer;
      return;
    }
    const last = this.#hash.read(path) - 1;
    const value = this.#valueAt(last);
    if (layerIn(value, field) === 0) this.#setAt(last, value | (this.#layer << shifts[field]));
  }

  /** By a layer above this one, or by a file in the place of one of its folders. */
  #isHidden(last: number, value: number): boolean {
    if (this.#isAbove(layerIn(value, 'blocked')) || this.#isAbove(this.#opaqueRoot)) return true;
    for (let index = last - 1; index >= 0; index -= 1) {
      const above = this.#valueAt(index);
      if (this.#isAbove(layerIn(above, 'blocked'))) return true;
      if (this.#isAbove(layerIn(above, 'opaque'))) return true;
      if (layerIn(above, 'taken') > 0 && (above & kindMask) !== folderKind) return true;
    }
    return false;
  }

  #isAbove(layer: number): boolean {
    return layer > 0 && layer < this.#layer;
  }

  /**
   * A symbolic link in the place of a folder leads what goes through it elsewhere, as in a mounted root.
   * @param kind null for what is only gone through on the way to something else.
   */
  #watch(path: string, kind: TarKind | null): void {
    const last = this.#hash.read(path) - 1;
    const { pairs } = this.#hash;
    const own = (index: number): number =>
      this.#own.get(pairs[2 * index] ?? 0, pairs[2 * index + 1] ?? 0);
    let end = path.lastIndexOf('/');
    for (let index = last - 1; index >= 0; index -= 1) {
      if (own(index) === folderKind) break;
      if (own(index) === symlinkKind) throw new NeedsPlan();
      const folder = path.slice(0, end);
      const before = this.#unsure.get(folder);
      if (before === this.#layer) break;
      this.#unsure.set(folder, this.#layer);
      if (before === undefined && !this.#unsureNames.take(folder)) throw new NeedsPlan();
      end = path.lastIndexOf('/', end - 1);
    }
    if (kind === null) return;
    const since = this.#unsure.get(path);
    if (since !== undefined) {
      // What the layer has put below this name was below a link, or is gone again.
      if (kind === 'symlink') throw new NeedsPlan();
      if (kind !== 'directory' && since === this.#layer) throw new NeedsPlan();
      if (since < this.#layer) {
        this.#unsure.delete(path);
        this.#unsureNames.give(path);
      }
    }
    const bits = kind === 'directory' ? folderKind : kind === 'symlink' ? symlinkKind : 0;
    const before = own(last);
    if (before !== 0 && before !== bits) throw new NeedsPlan();
    if (bits === 0) return;
    this.#own.set(pairs[2 * last] ?? 0, pairs[2 * last + 1] ?? 0, bits);
    // Also what is hidden, which comes to nothing in the root, takes up room here.
    if (this.#own.size > maxPaths)
      throw refused(`one of its layers has more than ${maxPaths} folders and links`);
  }
}
