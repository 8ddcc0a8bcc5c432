import { describe, expect, it } from 'vitest';
import { ConsoleMarkScanner } from './console-marks.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const boot =
  '[    0.000000] Linux version 6.1.0\r\n[    2.110409] Run /init as init process\r\n' +
  'nandu: user space uptime=2.21\r\nmore\r\nnandu: ready uptime=2.50\r\n/ # ';
const found = (scanner: ConsoleMarkScanner): unknown[] => [
  scanner.userSpaceAtMs,
  scanner.userSpaceSource,
  scanner.userSpaceUptimeSeconds,
  scanner.readyAtMs,
  scanner.readyUptimeSeconds,
];

describe('ConsoleMarkScanner', () => {
  it('finds the marks in one chunk', () => {
    const scanner = new ConsoleMarkScanner();
    expect(scanner.feed(bytes(boot), 7)).toBe(true);
    expect(found(scanner)).toEqual([7, 'init', 2.21, 7, 2.5]);
    expect(scanner.done).toBe(true);
  });

  it('finds them wherever the chunks were cut, at the end of their lines', () => {
    const all = bytes(boot);
    const endOf = (text: string): number => boot.indexOf('\n', boot.indexOf(text));
    const scanner = new ConsoleMarkScanner();
    const changes = [];
    for (let at = 0; at < all.length; at++) {
      if (scanner.feed(all.subarray(at, at + 1), at)) changes.push(at);
    }
    expect(changes).toEqual([endOf('Run /'), endOf('user space'), endOf('ready')]);
    expect(found(scanner)).toEqual([endOf('user space'), 'init', 2.21, endOf('ready'), 2.5]);
  });

  it('takes the kernel’s word when another init runs', () => {
    const scanner = new ConsoleMarkScanner();
    expect(scanner.feed(bytes('\u001b[0m[  1.2] Run /sbin/init as init process\n'), 5)).toBe(true);
    expect(scanner.feed(bytes('[  1.3] Run /bin/sh as init process\n'), 6)).toBe(false);
    expect(found(scanner)).toEqual([5, 'kernel', null, null, null]);
    expect(scanner.done).toBe(false);
  });

  it('accepts a ready mark without a time, and none after it', () => {
    const scanner = new ConsoleMarkScanner();
    scanner.feed(bytes('nandu: ready\nnandu: user space uptime=9\nnandu: ready\n'), 5);
    expect(found(scanner)).toEqual([null, null, null, 5, null]);
    expect(scanner.feed(bytes('nandu: user space uptime=9\n'), 6)).toBe(false);
  });

  it.each([
    'nandu: user space uptime=\n',
    'nandu: user space uptime=2.21 or so\n',
    'nandu: user space uptime=1e999999999999\n',
    'nandu: readyish\n',
    'nandu: ready uptime=soon\n',
    'nandu: user\nspace uptime=1\n',
    'NANDU: READY\n',
    'Run init as init process\n',
    'nandu: ready',
  ])('does not take %j for a mark', (text) => {
    const scanner = new ConsoleMarkScanner();
    expect(scanner.feed(bytes(text), 1)).toBe(false);
    expect(found(scanner)).toEqual([null, null, null, null, null]);
  });

  it('finds a mark after broken UTF-8 and an endless line', () => {
    const scanner = new ConsoleMarkScanner();
    scanner.feed(
      Uint8Array.from({ length: 100_000 }, (_, index) => (index % 2 ? 0xff : 0xe2)),
      1,
    );
    scanner.feed(bytes('nandu: user sp'), 2);
    scanner.feed(Uint8Array.of(0x61), 3);
    expect(scanner.feed(bytes('ce uptime=1\n'), 4)).toBe(true);
    expect(scanner.userSpaceAtMs).toBe(4);
  });

  it('gives up after 4 MiB', () => {
    const scanner = new ConsoleMarkScanner();
    const flood = new Uint8Array(64 * 1024).fill(0x79);
    for (let count = 0; count < 63; count++) scanner.feed(flood, 1);
    expect(scanner.done).toBe(false);
    scanner.feed(flood, 1);
    expect(scanner.done).toBe(true);
    expect(scanner.feed(bytes('\nnandu: ready\n'), 2)).toBe(false);
    expect(scanner.readyAtMs).toBeNull();
  });

  it('stays cheap for single bytes and for lines full of near misses', () => {
    const started = performance.now();
    const single = new ConsoleMarkScanner();
    for (let count = 0; count < 200_000; count++) single.feed(Uint8Array.of(0x79), count);
    const nearMiss = new ConsoleMarkScanner();
    const chunk = bytes(`${'nandu: user space uptime=1 '.repeat(2400)}\n`);
    while (!nearMiss.done) nearMiss.feed(chunk, 1);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
