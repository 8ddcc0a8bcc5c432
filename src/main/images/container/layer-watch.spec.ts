import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { LayerWatch } from './layer-watch.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

function folders(): { layout: string; blobs: string; blob: (letter: string) => string } {
  const folder = mkdtempSync(join(tmpdir(), 'nandu-watch-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [layout, blobs] = [join(folder, 'layout'), join(folder, 'blobs')];
  mkdirSync(layout);
  mkdirSync(join(blobs, 'sha256'), { recursive: true });
  return { layout, blobs, blob: (letter) => join(blobs, 'sha256', letter.repeat(64)) };
}

it('sees layers grow, takes no file for a layer that is smaller, and knows the whole ones', async () => {
  const { layout, blobs, blob } = folders();
  const watch = new LayerWatch(layout, blobs, [
    { digest: digest('a'), totalBytes: 10 },
    { digest: digest('b'), totalBytes: 1_000 },
    { digest: digest('c'), totalBytes: 5 },
  ]);
  const bytes = async (): Promise<number[]> => (await watch.look()).map((layer) => layer.bytes);
  expect(await bytes()).toEqual([0, 0, 0]);
  writeFileSync(blob('c'), 'c'.repeat(5)); // there from an import before
  writeFileSync(join(layout, 'oci-put-blob1'), 'x'.repeat(8));
  expect(await bytes()).toEqual([8, 0, 5]);
  writeFileSync(join(layout, 'oci-put-blob1'), 'x'.repeat(500)); // so it was the other one
  expect(await bytes()).toEqual([0, 500, 5]);
  writeFileSync(join(layout, 'oci-put-blob2'), 'x'.repeat(3));
  expect(await bytes()).toEqual([3, 500, 5]);
  renameSync(join(layout, 'oci-put-blob1'), blob('b'));
  expect(await bytes()).toEqual([3, 500, 5]);
});

it('learns of layers from what skopeo prints, wherever that is cut', async () => {
  const { layout, blobs, blob } = folders();
  const watch = new LayerWatch(layout, blobs, []);
  const text = `Getting image source signatures\nCopying blob ${digest('a')}\nCopying blob ${digest('b')}\n`;
  for (const piece of [text.slice(0, 60), text.slice(60, 130), text.slice(130)]) {
    watch.hear(Buffer.from(piece));
  }
  writeFileSync(blob('b'), 'whole');
  expect(await watch.look()).toEqual([
    { digest: digest('a'), bytes: 0, totalBytes: null },
    { digest: digest('b'), bytes: 5, totalBytes: 5 },
  ]);
});
