/**
 * Sees how far each layer of a fetch is by looking at skopeo's files, because it prints nothing that says so.
 * Only looks; which of the layers under way a partial file belongs to is a guess until it is whole.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayerProgress } from '../../../shared/index.ts';

/** A layer that is to come. */
export interface ExpectedLayer {
  readonly digest: string;
  /** Null where nobody has said. */
  readonly totalBytes: number | null;
}

interface Partial {
  readonly inode: number;
  readonly bytes: number;
  readonly bornMs: number;
}

/** The layers of one fetch. */
export class LayerWatch {
  readonly #layout: string;
  readonly #blobs: string;
  readonly #layers: ExpectedLayer[];
  /** The line that is not whole yet. */
  #heard = '';
  /** Which layer a partial file is taken for. */
  #guesses = new Map<number, string>();

  /** @param expected the bottom one first; empty where only skopeo's output will tell. */
  constructor(layout: string, blobs: string, expected: readonly ExpectedLayer[]) {
    this.#layout = layout;
    this.#blobs = blobs;
    this.#layers = [...expected];
  }

  /** Takes skopeo's output, in which a line `Copying blob sha256:…` announces a layer. */
  hear(output: Buffer): void {
    const text = this.#heard + output.toString('latin1');
    this.#heard = text.slice(text.lastIndexOf('\n') + 1).slice(-1024);
    for (const [, digest = ''] of text.matchAll(/^Copying blob (sha256:[0-9a-f]{64})$/gm)) {
      if (this.#layers.some((layer) => layer.digest === digest)) continue;
      this.#layers.push({ digest, totalBytes: null });
    }
  }

  /** How far they are now. */
  async look(): Promise<LayerProgress[]> {
    const partials = await this.#partials();
    const whole = new Map<string, number>();
    for (const { digest } of this.#layers) {
      const path = join(this.#blobs, 'sha256', digest.slice('sha256:'.length));
      const stats = await stat(path).catch(() => null); // not there yet
      if (stats !== null) whole.set(digest, stats.size);
    }
    const bytes = this.#assign(
      partials,
      this.#layers.filter(({ digest }) => !whole.has(digest)),
    );
    return this.#layers.map(({ digest, totalBytes }) => ({
      ...{ digest, bytes: whole.get(digest) ?? bytes.get(digest) ?? 0 },
      totalBytes: totalBytes ?? whole.get(digest) ?? null,
    }));
  }

  /** skopeo begins layers in their order, some at a time; a file larger than its layer belongs to another. */
  #assign(
    partials: readonly Partial[],
    missing: readonly ExpectedLayer[],
  ): ReadonlyMap<string, number> {
    const bytes = new Map<string, number>();
    const guesses = new Map<number, string>();
    const free = new Map(missing.map((layer) => [layer.digest, layer.totalBytes ?? Infinity]));
    const take = ({ inode, bytes: size }: Partial, digest: string): void => {
      free.delete(digest);
      guesses.set(inode, digest);
      bytes.set(digest, size);
    };
    const open: Partial[] = [];
    for (const partial of partials) {
      const before = this.#guesses.get(partial.inode) ?? '';
      if ((free.get(before) ?? -1) >= partial.bytes) take(partial, before);
      else open.push(partial);
    }
    for (const partial of open) {
      const fitting = [...free].find(([, most]) => most >= partial.bytes);
      if (fitting !== undefined) take(partial, fitting[0]);
    }
    this.#guesses = guesses;
    return bytes;
  }

  async #partials(): Promise<Partial[]> {
    const names = await readdir(this.#layout).catch(() => []); // not made yet
    const found: Partial[] = [];
    for (const name of names.filter((entry) => entry.startsWith('oci-put-blob'))) {
      const stats = await stat(join(this.#layout, name)).catch(() => null); // renamed meanwhile
      if (stats === null) continue;
      found.push({ inode: stats.ino, bytes: stats.size, bornMs: stats.birthtimeMs });
    }
    return found.sort((a, b) => a.bornMs - b.bornMs);
  }
}
