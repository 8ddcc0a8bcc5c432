/** Images of ill will: each is refused in its own words, and nothing of it is left. */
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ImageLibrary } from '../../src/main/images/container/index.ts';
import { AppError } from '../../src/shared/index.ts';
import { temporaryDirectory } from '../support/folders.ts';
import { hostileImages } from '../support/hostile-images.ts';

const canImport = ((): boolean => {
  try {
    for (const tool of ['skopeo', 'sqfstar']) execFileSync('which', [tool], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

let folder: string;
beforeEach(() => (folder = temporaryDirectory()));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!canImport)('a hostile image', () => {
  it.each(hostileImages)('is refused: $name', async (image) => {
    const problems: unknown[] = [];
    const { freeBytes } = image;
    const library = new ImageLibrary({
      ...{ folder: join(folder, 'library'), usedBy: () => [] },
      onProblem: (problem) => problems.push(problem),
      ...(freeBytes === undefined ? {} : { freeBytes: () => Promise.resolve(freeBytes) }),
    });
    const { signal } = new AbortController();
    const error = await library
      .import(image.build(join(folder, 'image')), { architecture: 'amd64', signal })
      .then(
        () => null,
        (failure: unknown) => failure,
      );
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: image.code, message: expect.stringMatching(image.says) });
    expect((error as AppError).message).not.toMatch(/exit code|undefined/);
    expect(await library.list()).toEqual([]);
    // What fits nowhere may stay for the next try, until it is pruned.
    if (image.code === 'disk_full') await library.prune();
    expect([readdirSync(join(folder, 'library')), problems]).toEqual([[], []]);
  });
});
