import { expect, it } from 'vitest';
import type { ImageView, ImportProgress } from '../../shared/index.ts';
import { findImage, layerTotals, stepText } from './image-words.ts';

const digest = `sha256:${'ab'.repeat(32)}`;

it('finds an image that is there by what was typed, the newest first', () => {
  const images = [
    { source: 'docker://docker.io/library/alpine:latest', importedAtMs: 2 },
    { source: 'docker://docker.io/library/alpine:latest', importedAtMs: 1 },
  ] as ImageView[];
  expect(findImage(images, 'alpine')?.importedAtMs).toBe(2);
  expect(findImage(images, 'alpine:3')).toBeNull();
});

it('says how far an import is, and no more than is known', () => {
  const base = {
    ...{ importId: 'i', image: 'alpine', startedAtMs: 0, builtBytes: 0, error: null },
    layers: [{ digest, bytes: 512, totalBytes: 1024 }],
  } as unknown as ImportProgress;
  const fetching: ImportProgress = { ...base, step: 'fetching' };
  const unknown: ImportProgress = {
    ...fetching,
    layers: [...fetching.layers, { digest, bytes: 10, totalBytes: null }],
  };
  expect([fetching, unknown].map((progress) => layerTotals(progress).share)).toEqual([0.5, null]);
  expect([fetching, unknown, { ...fetching, layers: [] }].map(stepText)).toEqual([
    'Fetching layers: 512 B of 1 KiB',
    'Fetching layers: 522 B',
    'Asking for the image',
  ]);
  expect(stepText({ ...base, step: 'building', builtBytes: 2048 })).toContain('2 KiB');
});
