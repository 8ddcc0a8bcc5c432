import { expect, it } from 'vitest';
import { blockLines, countText, findMatches, mostMatches, toBlocks } from './text-search.ts';

it('cuts lines into blocks that give the whole text back', () => {
  const lines = Array.from({ length: 2 * blockLines + 7 }, (_, index) => `line ${index}`);
  const blocks = toBlocks(lines);
  expect(blocks.map(({ firstLine, lineCount }) => [firstLine, lineCount])).toEqual([
    [0, blockLines],
    [blockLines, blockLines],
    [2 * blockLines, 7],
  ]);
  expect(blocks.map(({ text }) => text).join('')).toBe(lines.join('\n'));
  expect(toBlocks([])).toEqual([]);
});

it('finds text as it is written, in any case, at its own place', () => {
  const blocks = toBlocks(['[    0.4] İ Kernel (x86) -', 'kernel KERNEL']);
  const found = (wanted: string): string[] =>
    findMatches(blocks, wanted).map(
      ({ block, start, end }) => blocks[block]?.text.slice(start, end) ?? '',
    );
  expect(found('kernel')).toEqual(['Kernel', 'kernel', 'KERNEL']);
  expect(found('(X86) -')).toEqual(['(x86) -']);
  expect(found('[')).toEqual(['[']);
  expect(found('')).toEqual([]);
});

it('stops counting where a count says nothing more, and is quick at 5,000 long lines', () => {
  const blocks = toBlocks(Array.from({ length: 5_000 }, () => 'aaaa '.repeat(40)));
  const before = performance.now();
  expect(findMatches(blocks, 'a')).toHaveLength(mostMatches);
  expect(findMatches(blocks, 'nowhere')).toEqual([]);
  expect(performance.now() - before).toBeLessThan(250);
  expect([countText('a', 0, mostMatches), countText('b', -1, 0), countText('', -1, 0)]).toEqual([
    '1 of 2,000+',
    'none',
    '',
  ]);
});
