import { expect, it } from 'vitest';
import { readBytesIn, watchHost } from './boot-load.ts';

it.each([
  ['Linux’s table', 'rchar: 1\nwchar: 2\nread_bytes: 7573504\nwrite_bytes: 0\n', 7_573_504],
  ['a kernel that does not count', 'rchar: 1\n', null],
  ['something else', 'read_bytes: much\n', null],
  ['nothing', null, null],
])('reads %s', (_name, text, bytes) => {
  expect(readBytesIn(text)).toBe(bytes);
});

it('watches a process that is there, and cannot tell of one that is gone', () => {
  const own = watchHost(process.pid);
  expect([null, true, false]).toContain(own.loaded());
  const gone = watchHost(2 ** 22 + 1);
  expect([gone.loaded(), gone.wasCold()]).toEqual([null, null]);
});
