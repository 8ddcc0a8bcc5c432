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

  it('hears how much the uptime lacks, once, and nothing that no kernel could lack', () => {
    const scanner = new ConsoleMarkScanner();
    scanner.feed(bytes('nandu: kernel clock lag=360.5\nnandu: kernel clock lag=-1\n'), 1);
    expect(scanner.uptimeLagSeconds).toBeNull();
    scanner.feed(bytes('nandu: user space uptime=2.21\nnandu: kernel clock lag=0.377123\n'), 2);
    expect(scanner.feed(bytes('nandu: kernel clock lag=5.000000\n'), 3)).toBe(false);
    expect(scanner.uptimeLagSeconds).toBe(0.377123);
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

describe('a guest’s own marks', () => {
  it('are found wherever the chunks were cut, the first of each name', () => {
    const text = 'nandu: mark one\r\n\u001b[0m[    1.2] nandu: mark two.2\nnandu: mark one\n';
    const scanner = new ConsoleMarkScanner();
    [...bytes(text)].forEach((byte, at) => scanner.feed(Uint8Array.of(byte), at));
    expect(scanner.marks).toEqual([
      { name: 'one', atMs: text.indexOf('\n') },
      { name: 'two.2', atMs: text.indexOf('two.2') + 5 },
    ]);
    expect(scanner.readyAtMs).toBeNull();
  });

  it.each([
    ['what is typed at a prompt', '/ # echo nandu: mark typed\n'],
    ['a name with a slash', 'nandu: mark a/b\n'],
    ['a name that is too long', `nandu: mark ${'a'.repeat(41)}\n`],
    ['two names', 'nandu: mark a b\n'],
    ['a line without an end', 'nandu: mark a'],
  ])('%s is none', (_name, text) => {
    const scanner = new ConsoleMarkScanner({ kind: 'marker', name: 'typed' });
    scanner.feed(bytes(text), 1);
    expect([scanner.marks, scanner.readyAtMs]).toEqual([[], null]);
  });

  it('are 50 at most, and the one that means ready still counts', () => {
    const scanner = new ConsoleMarkScanner({ kind: 'marker', name: 'up' });
    for (let at = 0; at < 100; at++) scanner.feed(bytes(`nandu: mark m${at}\n`), at);
    expect(scanner.feed(bytes('nandu: mark up\n'), 100)).toBe(true);
    expect([scanner.marks.length, scanner.readyAtMs, scanner.done]).toEqual([50, 100, true]);
  });
});

describe('the sign of readiness', () => {
  it('a text counts wherever it is cut, in an unfinished line, with its own letters', () => {
    const text = 'Debian 12 büro login: ';
    const all = bytes(`nandu: ready uptime=1\n${text}`);
    const scanner = new ConsoleMarkScanner({ kind: 'console', text: 'büro login: ' });
    const changes = [...all.keys()].filter((at) => scanner.feed(all.subarray(at, at + 1), at));
    expect(changes).toEqual([all.length - 1]);
    expect([scanner.readyAtMs, scanner.done]).toEqual([all.length - 1, true]);
  });

  it('a text of one letter is found, one that never comes is not, and nothing else counts', () => {
    const one = new ConsoleMarkScanner({ kind: 'console', text: '$' });
    expect([one.feed(bytes('a'), 1), one.feed(bytes('$'), 2), one.readyAtMs]).toEqual([
      false,
      true,
      2,
    ]);
    for (const sign of [
      { kind: 'console', text: 'login: ' },
      { kind: 'marker', name: 'up' },
    ] as const) {
      const scanner = new ConsoleMarkScanner(sign);
      scanner.feed(bytes(`${boot}nandu: mark down\nlogin\n: `), 1);
      expect([scanner.userSpaceAtMs, scanner.readyAtMs, scanner.done]).toEqual([1, null, false]);
    }
  });

  it('a port is told by the init’s line', () => {
    const scanner = new ConsoleMarkScanner({ kind: 'port', port: 80 });
    scanner.feed(bytes('nandu: ready uptime=3.25\n'), 4);
    expect([scanner.readyAtMs, scanner.readyUptimeSeconds]).toEqual([4, 3.25]);
  });
});
