import { expect, it } from 'vitest';
import { holdOf, missingImageText } from './troubles.ts';

it('says what to do about a guest that is paused although nobody asked for it', () => {
  const titles = (['disk-error', 'qemu-error', 'suspended', null] as const).map(
    (activity) => holdOf({ state: 'paused', activity })?.title ?? null,
  );
  expect(titles).toEqual([
    'Paused: a disk cannot be written or read',
    'Paused: QEMU cannot go on with it',
    'Paused by a signal from outside',
    null,
  ]);
  expect(holdOf({ state: 'stopping', activity: 'disk-error' })).toBeNull();
});

it('tells an image that is not here from another that came by its name', () => {
  const image = {
    image: 'docker://docker.io/library/nginx:1.29',
    digest: `sha256:${'0'.repeat(64)}`,
  };
  expect(missingImageText(image, null)).toContain('“nginx:1.29” (000000000000) was removed');
  expect(missingImageText(image, 'ffffffffffff')).toContain('ffffffffffff came');
});
