import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { withFolders, writeCpio, type CpioEntry } from './cpio.ts';

const entries: CpioEntry[] = [
  { type: 'directory', path: 'etc' },
  { type: 'directory', path: 'tmp', mode: 0o1777 },
  { type: 'file', path: 'etc/motd', data: 'grüße\n' },
  { type: 'file', path: 'init', data: '#!/bin/sh\n', mode: 0o755 },
  { type: 'symlink', path: 'sh', target: '/bin/busybox' },
  { type: 'character', path: 'console', major: 5, minor: 1 },
];

describe('writeCpio', () => {
  it('writes what cpio reads back: types, modes, devices, sizes, targets', () => {
    const listing = execFileSync('busybox', ['cpio', '-tv'], {
      input: writeCpio(entries),
      encoding: 'utf8',
      stdio: 'pipe',
    });
    const withoutTimes = listing
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/ 1970\S* \S+/, '').replace(/ +/g, ' '));
    expect(withoutTimes).toEqual([
      'drwxr-xr-x 0/0 0 etc',
      'drwxrwxrwt 0/0 0 tmp',
      '-rw-r--r-- 0/0 8 etc/motd',
      '-rwxr-xr-x 0/0 10 init',
      'lrwxrwxrwx 0/0 0 sh -> /bin/busybox',
      'crw------- 0/0 0 console',
    ]);
  });

  it('gives equal bytes for equal entries, in whole blocks', () => {
    const archive = writeCpio(entries);
    expect(archive.equals(writeCpio(structuredClone(entries)))).toBe(true);
    expect(archive.length % 512).toBe(0);
  });

  it.each([
    ['an absolute path', { type: 'directory', path: '/etc' }],
    ['a way out', { type: 'directory', path: 'a/../../b' }],
    ['an empty path', { type: 'directory', path: '' }],
    ['a NUL byte', { type: 'directory', path: 'a\0b' }],
    ['the end mark', { type: 'directory', path: 'TRAILER!!!' }],
    ['a file type in the mode', { type: 'directory', path: 'a', mode: 0o40755 }],
    ['a symlink to nowhere', { type: 'symlink', path: 'a', target: '' }],
    ['a negative device number', { type: 'block', path: 'a', major: -1, minor: 0 }],
  ] satisfies [string, CpioEntry][])('refuses %s', (_, entry) => {
    expect(() => writeCpio([entry])).toThrow(RangeError);
  });

  it('refuses the same path twice', () => {
    expect(() => writeCpio([...entries, { type: 'directory', path: 'etc' }])).toThrow(
      'listed twice',
    );
  });
});

it('writes the numbers of a device', () => {
  const [console] = entries.slice(-1);
  const header = writeCpio(console ? [console] : []).toString('latin1', 0, 110);
  expect([header.slice(78, 86), header.slice(86, 94)]).toEqual(['00000005', '00000001']);
});

describe('withFolders', () => {
  it('puts each missing folder once in front of what lies in it', () => {
    const file = (path: string): CpioEntry => ({ type: 'file', path, data: '' });
    expect(withFolders([file('a/b/c'), file('a/b/d'), file('e')]).map(({ path }) => path)).toEqual([
      'a',
      'a/b',
      'a/b/c',
      'a/b/d',
      'e',
    ]);
  });
});
