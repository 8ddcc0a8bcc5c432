/**
 * Reads layers from the bottom up, as they would be unpacked one over the other, to tell where entries really go:
 * through symbolic links, and which of two of one name counts. Holds links and what differs, nothing else.
 */
import { eachEntry, type Budget, type LayerSource } from './layer-reading.ts';
import { LinkTree } from './link-tree.ts';
import { NameBudget } from './name-budget.ts';
import { maxPaths, PathHash, PathTable } from './path-table.ts';
import { refused } from './refusal.ts';
import type { TarEntry } from './tar-entry.ts';
import { readWhiteout } from './whiteout.ts';

const hasMoreBit = 1;

/** What is to be done with an entry in another way than it says. */
interface Change {
  readonly path?: string;
  readonly linkPath?: string;
  /** Another of this layer came in its place. */
  readonly isSuperseded?: boolean;
}

/** Where the entries of an image's layers really go. */
export class LayerPlan {
  /** By layer, the top one first, and the entry's number in it. */
  readonly #changes: ReadonlyMap<number, Change>[];

  constructor(changes: ReadonlyMap<number, Change>[]) {
    this.#changes = changes;
  }

  /** @param number of the entry in its layer, from 0. */
  apply(layer: number, number: number, entry: TarEntry): TarEntry & { isSuperseded?: boolean } {
    const change = this.#changes[layer]?.get(number);
    return change === undefined ? entry : { ...entry, ...change };
  }
}

/**
 * @param layers the top one first.
 * @throws AppError `image_refused` for links in a circle, and for two files of one name between which a link was made.
 */
export async function planLayers(
  layers: readonly LayerSource[],
  budget: Budget,
): Promise<LayerPlan> {
  const links = new LinkTree();
  const changes: Map<number, Change>[] = layers.map(() => new Map());
  const names = new NameBudget();
  for (let layer = layers.length - 1; layer >= 0; layer -= 1) {
    const source = layers[layer];
    const found = changes[layer];
    if (source === undefined || found === undefined) continue;
    const planning = new LayerPlanning(links, layers.length - layer, found, names);
    await eachEntry(source, budget, (entry, number) => {
      planning.add(entry, number);
      return Promise.resolve();
    });
  }
  return new LayerPlan(changes);
}

/** One layer, in the order of its entries. */
class LayerPlanning {
  readonly #links: LinkTree;
  /** Counted from 1 at the bottom. */
  readonly #age: number;
  readonly #changes: Map<number, Change>;
  readonly #names: NameBudget;
  readonly #hash = new PathHash();
  /** By path: the number of its last entry, from 1 and 0 for none, and a bit for what has something in it. */
  readonly #seen = new PathTable();
  /** Paths that a hard link of this layer leads to. */
  readonly #targets = new PathTable();

  constructor(links: LinkTree, age: number, changes: Map<number, Change>, names: NameBudget) {
    this.#names = names;
    this.#links = links;
    this.#age = age;
    this.#changes = changes;
  }

  add(entry: TarEntry, number: number): void {
    if (entry.path === '') return;
    const path = this.#links.follow(entry.path);
    const linkPath = entry.kind === 'hardlink' ? this.#links.follow(entry.linkPath) : '';
    if (path !== entry.path || (entry.kind === 'hardlink' && linkPath !== entry.linkPath)) {
      const isLink = entry.kind === 'hardlink';
      this.#change(number, { path, ...(isLink ? { linkPath } : {}) });
    }
    const whiteout = readWhiteout(path);
    if (whiteout !== null) {
      if (whiteout.kind === 'one') this.#links.remove(whiteout.path, this.#age);
      if (whiteout.kind === 'all') this.#links.empty(whiteout.folder, this.#age);
      return;
    }
    this.#replace(path, entry, number);
    const isFolder = entry.kind === 'directory';
    this.#links.replace(
      path,
      isFolder,
      entry.kind === 'symlink' ? entry.linkPath : null,
      this.#age,
    );
    if (entry.kind === 'hardlink') this.#note(this.#targets, linkPath, 1);
  }

  #replace(path: string, entry: TarEntry, number: number): void {
    const last = this.#hash.read(path) - 1;
    const { pairs } = this.#hash;
    const [high = 0, low = 0] = [pairs[2 * last], pairs[2 * last + 1]];
    const before = this.#seen.get(high, low);
    const hasMore = (before & hasMoreBit) !== 0;
    if (hasMore && entry.kind !== 'directory') {
      throw refused('one of its layers has a folder and a file of one name');
    }
    const former = (before >>> 1) - 1;
    if (former >= 0) {
      if (this.#targets.get(high, low) !== 0) {
        throw refused('one of its layers has a file twice, and a hard link to the first of them');
      }
      this.#change(former, { ...this.#changes.get(former), isSuperseded: true });
    }
    this.#seen.set(high, low, (((number + 1) << 1) | (before & hasMoreBit)) >>> 0);
    for (let index = last - 1; index >= 0; index -= 1) {
      const [aboveHigh = 0, aboveLow = 0] = [pairs[2 * index], pairs[2 * index + 1]];
      const above = this.#seen.get(aboveHigh, aboveLow);
      if ((above & hasMoreBit) !== 0) break;
      this.#seen.set(aboveHigh, aboveLow, above | hasMoreBit);
    }
    if (this.#seen.size > maxPaths) throw refused(`it has more than ${maxPaths} files`);
  }

  #change(number: number, change: Change): void {
    this.#changes.set(number, change);
    if (this.#names.take(change.path ?? '', change.linkPath ?? '')) return;
    throw refused('far too many of its files go through links or come twice');
  }

  #note(table: PathTable, path: string, value: number): void {
    const last = this.#hash.read(path) - 1;
    const { pairs } = this.#hash;
    table.set(pairs[2 * last] ?? 0, pairs[2 * last + 1] ?? 0, value);
  }
}
