import { describe, expect, it } from 'vitest';
import {
  baseName,
  formatBytes,
  formatCount,
  formatDuration,
  formatMemory,
  formatShare,
  formatWhen,
  shellLine,
} from './format.ts';

describe('formatDuration', () => {
  it('keeps three figures and moves up a unit without a jump', () => {
    const inputs = [0, 0.42, 9.2, 9.96, 84.4, 812, 999.4, 999.6, 2030, 9994, 9996, 59_940, 59_960];
    expect(inputs.map(formatDuration)).toEqual([
      '0 ms',
      '0.4 ms',
      '9.2 ms',
      '10 ms',
      '84 ms',
      '812 ms',
      '999 ms',
      '1.00 s',
      '2.03 s',
      '9.99 s',
      '10.0 s',
      '59.9 s',
      '1 min 00 s',
    ]);
    expect(formatDuration(3_725_000)).toBe('1 h 02 min');
  });
});

it('formats memory, counts and shares', () => {
  expect([256, 1024, 1536, 131072].map(formatMemory)).toEqual([
    '256 MiB',
    '1 GiB',
    '1.5 GiB',
    '128 GiB',
  ]);
  expect([formatCount(1, 'vCPU'), formatCount(10_000, 'run')]).toEqual(['1 vCPU', '10,000 runs']);
  expect([0, 0.004, 0.1, 0.604, 1].map(formatShare)).toEqual([
    '0 %',
    '<1 %',
    '10 %',
    '60 %',
    '100 %',
  ]);
});

it('says when in the shortest clear way', () => {
  const now = new Date(2026, 10, 24, 15, 0).getTime();
  const at = (...parts: [number, number, number, number, number]): string =>
    formatWhen(new Date(...parts).getTime(), now);
  expect([
    at(2026, 10, 24, 14, 2),
    at(2026, 10, 23, 9, 30),
    at(2026, 10, 3, 14, 2),
    at(2025, 10, 3, 14, 2),
  ]).toEqual(['today 14:02', 'yesterday 09:30', '3 Nov 14:02', '3 Nov 2025']);
});

it('takes the last part of a path', () => {
  expect([baseName('/boot/vmlinuz-6.1'), baseName('/a/b/'), baseName('/')]).toEqual([
    'vmlinuz-6.1',
    'b',
    '/',
  ]);
});

it('quotes an argv for a shell', () => {
  expect(shellLine(['qemu', '-append', "a b 'c'", '', '-M', 'microvm,acpi=on'])).toBe(
    String.raw`qemu -append 'a b '\''c'\''' '' -M microvm,acpi=on`,
  );
});

it('writes sizes with three figures at most', () => {
  const sizes = [0, 812, 1000, 1024, 65_536, 3_565_158, 1.25 * 1024 ** 3, 999.6 * 1024];
  expect(sizes.map(formatBytes)).toEqual([
    ...['0 B', '812 B', '1 KiB', '1 KiB', '64 KiB', '3.4 MiB', '1.25 GiB', '1 MiB'],
  ]);
});
