import { expect, it } from 'vitest';
import { readInteger, readText, unreadable, writeText } from './field-texts.ts';

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

it('reads the two words for Nandu’s own files in any case', () => {
  const read = [readText('kernel', ' Fast '), readText('initrd', 'NONE')];
  expect(read).toEqual([{ kind: 'fast' }, { kind: 'none' }]);
  expect([writeText('kernel', read[0]), writeText('initrd', read[1])]).toEqual(['fast', 'none']);
});

it('keeps blanks in notes, and drops them around everything else', () => {
  expect([
    readText('notes', ' a '),
    readText('name', ' a '),
    readText('disks.1.path', ' /a '),
  ]).toEqual([' a ', 'a', '/a']);
});

it('reads words as a shell does, and nothing as the image’s own', () => {
  const read = (text: string): unknown => readText('container.command', text);
  expect([read('  '), read('sh -c "echo a b"'), read("echo 'a")]).toEqual([
    ...[null, ['sh', '-c', 'echo a b'], Number.NaN],
  ]);
  expect(writeText('container.command', ['sh', '-c', 'echo a b'])).toBe("sh -c 'echo a b'");
  expect(unreadable('container.command')).toContain('quotation mark');
});

it('keeps a variable’s value as it was typed, and reads ports and a lifetime as numbers', () => {
  expect(readText('container.environment.0.value', ' a ')).toBe(' a ');
  expect(readText('container.environment.0.name', ' A ')).toBe('A');
  expect(readText('portForwards.0.hostPort', '8080')).toBe(8080);
  expect(readText('portForwards.0.hostAddress', ' 127.0.0.1 ')).toBe('127.0.0.1');
  expect([readText('lifetimeMinutes', ''), readText('lifetimeMinutes', '5')]).toEqual([null, 5]);
});
