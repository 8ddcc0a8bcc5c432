import { expect, it } from 'vitest';
import { lineCount, shortPath } from './path-parts.ts';

const kernel = '/home/ada/.cache/nandu/guest/vmlinux-6.1.0-56-amd64-4b37ad587701';

it('keeps the name and as many of the last folders as there is room for', () => {
  expect([80, 44, 32, 30, 12].map((columns) => shortPath(kernel, columns))).toEqual([
    kernel,
    '…/guest/vmlinux-6.1.0-56-amd64-4b37ad587701',
    '…/.cache/nandu/guest/vmlinux-6.1.0-56-amd64-4b37ad587701',
    '…/.cache/nandu/guest/vmlinux-6.1.0-56-amd64-4b37ad587701',
    '…/vmlinux-6.1.0-56-amd64-4b37ad587701',
  ]);
  expect(shortPath('/usr/bin/qemu-system-x86_64', 40)).toBe('/usr/bin/qemu-system-x86_64');
});

it('never pretends that a file lies in the root, and leaves what does alone', () => {
  expect(shortPath('/a-long-folder/file', 8)).toBe('…/file');
  expect(shortPath('/a-file-with-a-long-name', 8)).toBe('/a-file-with-a-long-name');
  expect(shortPath('name-only', 4)).toBe('name-only');
  expect(shortPath(kernel, 0)).toBe(kernel);
});

it('counts lines as they break', () => {
  expect(
    [
      ['abc', 3],
      ['abcd', 3],
      ['ab/cd', 3],
      ['ab/cd', 5],
      ['a/bcdefgh', 3],
    ].map(([text, columns]) => lineCount(text as string, columns as number)),
  ).toEqual([1, 2, 2, 1, 4]);
});
