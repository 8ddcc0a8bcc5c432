/**
 * What files hold, by sha256, so that a kernel that was exchanged is not taken for what it was.
 * Must never read a file again that has not changed: it would be read into every boot's time.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { LabFile } from '../../shared/index.ts';

/** Digests of the files that were asked for. */
export class FileDigests {
  readonly #known = new Map<string, { readonly state: string; readonly sha256: string }>();

  /** @throws what the file system says. */
  async of(path: string): Promise<LabFile> {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    const state = [ino, size, mtimeNs, ctimeNs].join();
    const known = this.#known.get(path);
    if (known?.state === state) return { path, sha256: known.sha256 };
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    const sha256 = hash.digest('hex');
    this.#known.set(path, { state, sha256 });
    return { path, sha256 };
  }
}
