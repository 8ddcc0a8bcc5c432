/**
 * Decides which entries of an image's layers are in the flattened root, reading the layers from the top down:
 * what is above is known by then, so nothing has to be read twice for it. Pure; knows names and kinds only.
 * OCI image-spec, layer.md: “Whiteouts”, “Opaque Whiteout”.
 */
import type { TarKind } from './tar-entry.ts';

const whiteout = '.wh.';
const opaque = '.wh..wh..opq';

/** What becomes of an entry. */
export type Fate = 'take' | 'hidden' | 'whiteout';

/** The layers of one image. */
export class LayerMerge {
  /** Every path of the flattened root, with the layer that it comes from. */
  readonly #taken = new Map<string, { layer: number; isFolder: boolean }>();
  /** Paths that hide the same path and all below it in the layers further down. */
  readonly #blocked = new Set<string>();
  /** Folders whose content further down is hidden. */
  readonly #opaque = new Set<string>();
  /** Folders that must be, because something taken is below them. */
  readonly #needed = new Set<string>();
  /** What the current layer hides from those below it, not from itself. */
  #blocks: string[] = [];
  #opens: string[] = [];
  #layer = -1;

  /** Begins the next layer further down. */
  beginLayer(): void {
    for (const path of this.#blocks) this.#blocked.add(path);
    for (const path of this.#opens) this.#opaque.add(path);
    this.#blocks = [];
    this.#opens = [];
    this.#layer += 1;
  }

  /** @param path as TarEntry's. */
  admit(path: string, kind: TarKind): Fate {
    const slash = path.lastIndexOf('/');
    const folder = slash < 0 ? '' : path.slice(0, slash);
    const name = path.slice(slash + 1);
    if (name === opaque) {
      this.#opens.push(folder);
      return 'whiteout';
    }
    if (name.startsWith(whiteout)) {
      // Names of AUFS's own, like “.wh..wh.plnk”, hide nothing.
      const hidden = name.slice(whiteout.length);
      if (hidden !== '' && !hidden.startsWith(whiteout)) {
        this.#blocks.push(folder === '' ? hidden : `${folder}/${hidden}`);
      }
      return 'whiteout';
    }
    if (this.#isHidden(path)) return 'hidden';
    // Also one that something above replaced: it has ended the folder of that name further down.
    if (kind !== 'directory') this.#blocks.push(path);
    if (this.#taken.has(path)) return 'hidden';
    // Something above lies below this name, so it is a folder there.
    if (kind !== 'directory' && this.#needed.has(path)) return 'hidden';
    this.#taken.set(path, { layer: this.#layer, isFolder: kind === 'directory' });
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const parent = path.slice(0, end);
      if (this.#needed.has(parent)) break;
      this.#needed.add(parent);
    }
    return 'take';
  }

  /** From which layer, counted from the top, a path of the flattened root comes; null when it has none. */
  layerOf(path: string): number | null {
    return this.#taken.get(path)?.layer ?? null;
  }

  /** Folders that something lies in and no layer describes; parents first. */
  missingFolders(): string[] {
    return [...this.#needed].filter((path) => !this.#taken.has(path)).sort();
  }

  #isHidden(path: string): boolean {
    if (this.#blocked.has(path)) return true;
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const parent = path.slice(0, end);
      if (this.#blocked.has(parent) || this.#opaque.has(parent)) return true;
      if (this.#taken.get(parent)?.isFolder === false) return true;
    }
    return path !== '' && this.#opaque.has('');
  }
}
