import { expect, it } from 'vitest';
import { tokenize, tokenizeLine } from './script-tokens.ts';

const short = (line: string): string[] =>
  tokenizeLine(line)
    .filter(({ text }) => text.trim() !== '')
    .map(({ kind, text }) => `${kind} ${text}`);

it('tells options, keys, values, quoted text and variables apart', () => {
  expect(short(String.raw`  -M microvm,acpi=on,x-option-roms=off \ `.trimEnd())).toEqual([
    'option -M',
    'plain  microvm',
    'mark ,',
    'key acpi',
    'mark =',
    'plain on',
    'mark ,',
    'key x-option-roms',
    'mark =',
    'plain off ',
    String.raw`mark \ `.trimEnd(),
  ]);
  expect(short(String.raw`  -append 'console=ttyS0 it'\''s'`)).toEqual([
    'option -append',
    "string 'console=ttyS0 it'",
    String.raw`plain \'`,
    "string 's'",
  ]);
  expect(short('folder="$(mktemp -d)" && exec "$QEMU" $1')).toEqual([
    'variable folder',
    'mark =',
    'string "$(mktemp -d)"',
    'mark &&',
    'plain  exec ',
    'string "$QEMU"',
    'variable $1',
  ]);
  expect(short('# a comment -with=things')).toEqual(['comment # a comment -with=things']);
  expect(short('cd /a-dir/b#c')).toEqual(['plain cd /a-dir/b#c']);
});

it('loses nothing, whatever the script', () => {
  const scripts = [
    '#!/bin/sh\n\nexec qemu \\\n  -kernel "/a b/$X" \\\n  -m 256\n',
    `open 'quote\nand "another\\`,
    '$ ${ \\ \t\u0000 äöü 日本 === ,,,',
    'x'.repeat(10_000),
  ];
  for (const script of scripts) {
    const back = tokenize(script).map((line) => line.map(({ text }) => text).join(''));
    expect(back.join('\n')).toBe(script);
  }
});
