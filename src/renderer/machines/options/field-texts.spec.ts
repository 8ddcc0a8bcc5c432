import { expect, it } from 'vitest';
import { readInteger, readText, writeText } from './field-texts.ts';

it('reads only plain whole numbers', () => {
  const texts = ['1', '+2', '-3', '', '1.5', '1e3', '0x10', '12 MiB', '٣', '9'.repeat(16)];
  expect(texts.map(readInteger)).toEqual([1, 2, -3, ...Array(7).fill(Number.NaN)]);
});

it('reads deadlines as seconds and writes them so', () => {
  const read = (text: string): unknown => readText('stopDeadlines.quitMs', text);
  expect(['5', ' 0.5 ', '1,25', '', '-1', '2 s', '1e3'].map(read)).toEqual([
    ...[5000, 500, 1250],
    ...Array(4).fill(Number.NaN),
  ]);
  expect(writeText('stopDeadlines.quitMs', 1250)).toBe('1.25');
});

it('takes an empty text for “none” where there may be none, and nowhere else', () => {
  const paths = [
    'cpuModel',
    'devices.vsockCid',
    'kernel',
    'initrd',
    'vcpus',
    'disks.0.limits.iops',
  ];
  expect(paths.map((path) => readText(path, ' '))).toEqual([
    ...[null, null, { kind: 'default' }, { kind: 'default' }],
    ...[Number.NaN, Number.NaN],
  ]);
  expect(paths.slice(0, 4).map((path) => writeText(path, readText(path, '')))).toEqual(
    Array(4).fill(''),
  );
});

it('keeps blanks in notes, and drops them around everything else', () => {
  expect([
    readText('notes', ' a '),
    readText('name', ' a '),
    readText('disks.1.path', ' /a '),
  ]).toEqual([' a ', 'a', '/a']);
});
