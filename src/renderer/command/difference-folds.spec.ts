import { expect, it } from 'vitest';
import { foldUnchanged, isChanged, type DifferenceLine } from './difference-folds.ts';

const changes = { '=': 'same', '+': 'added', '-': 'removed' } as const;

function lines(pattern: string): DifferenceLine[] {
  return [...pattern].map((sign, index) => ({
    change: changes[sign as keyof typeof changes],
    text: `${index}`,
  }));
}

/** Each part as its signs, folded ones in brackets. */
function folded(pattern: string): string {
  return foldUnchanged(lines(pattern))
    .map((part) => {
      const text = part.lines.map(({ text: index }) => pattern[Number(index)]).join('');
      return part.folded ? `[${text}]` : text;
    })
    .join(' ');
}

it('folds long unchanged stretches and leaves a line beside each change', () => {
  expect(folded('')).toBe('');
  expect(folded('==+==')).toBe('== + ==');
  expect(folded('=====+-=====')).toBe('[====] = +- = [====]');
  expect(folded('+=====-')).toBe('+ = [===] = -');
  expect(folded('+====-')).toBe('+ ==== -');
});

it('knows whether anything changed', () => {
  expect([isChanged(lines('===')), isChanged(lines('==-')), isChanged([])]).toEqual([
    false,
    true,
    false,
  ]);
});
