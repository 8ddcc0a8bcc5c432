import { expect, it } from 'vitest';
import type { ImageView, ImportProgress } from '../../shared/index.ts';
import {
  findImage,
  layerTotals,
  namesakeNote,
  nameToRun,
  stepText,
  usageText,
} from './image-words.ts';

const digest = `sha256:${'ab'.repeat(32)}`;

const named = (source: string, digit: string, isMeant: boolean): ImageView =>
  ({ source, digest: `sha256:${digit.repeat(64)}`, isMeant }) as ImageView;
const alpine = 'docker://docker.io/library/alpine:latest';
// An older one stands first: it was pulled again when the name went back to it.
const images = [
  named(alpine, '1', false),
  named(alpine, '2', true),
  named('docker://docker.io/library/nginx:1', '3', true),
];

it('finds an image that is there by what was typed: the one that its name means now', () => {
  expect(findImage(images, 'alpine')).toBe(images[1]);
  expect(findImage(images, 'alpine:3')).toBeNull();
});

it('runs the very image whose row it was, also one whose name means another by now', () => {
  expect(images.map((image) => findImage(images, nameToRun(image)))).toEqual(images);
});

it('tells images of one name apart, and says nothing of others', () => {
  expect(images.map((image) => namesakeNote(images, image))).toEqual([
    ...['what the name meant before', 'what the name means now', null],
  ]);
});

it('counts unfinished layers as well', () => {
  const usage = { imageBytes: 2048, unusedBytes: 0, partialBytes: 1024 };
  expect([
    usageText(2, usage),
    usageText(0, usage),
    usageText(1, { ...usage, partialBytes: 0 }),
    usageText(0, null),
  ]).toEqual([
    '2 images, 2 KiB on disk, 1 KiB of unfinished pulls',
    'Nothing here yet, 1 KiB of unfinished pulls',
    '1 image, 2 KiB on disk',
    'Nothing here yet',
  ]);
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
