import { expect, it } from 'vitest';
import { shortcutOf } from './shortcuts.ts';

/** @param around what the focus is in. */
function press(code: string, change: Partial<KeyboardEvent> = {}, around = ''): KeyboardEvent {
  const target = { closest: (selector: string) => (selector.includes(around) ? {} : null) };
  const plain = { ctrlKey: true, altKey: false, metaKey: false, shiftKey: false, repeat: false };
  return {
    ...plain,
    code,
    target: around === '' ? { closest: () => null } : target,
    ...change,
  } as never;
}

it('reads wishes out of Ctrl with a key, and leaves all else alone', () => {
  const codes = ['KeyN', 'Comma', 'KeyK', 'Digit1', 'Digit2', 'Digit9', 'KeyX'];
  expect(codes.map((code) => shortcutOf(press(code)))).toEqual([
    ...['new-machine', 'settings-dialog', 'search', 1, 2, 9, null],
  ]);
  const others = [{ ctrlKey: false }, { altKey: true }, { metaKey: true }, { repeat: true }];
  expect(others.map((change) => shortcutOf(press('KeyN', change)))).toEqual([
    null,
    null,
    null,
    null,
  ]);
});

it('leaves plain Ctrl to a console and everything to a dialog', () => {
  expect([
    shortcutOf(press('KeyN', {}, '.xterm')),
    shortcutOf(press('KeyN', { shiftKey: true }, '.xterm')),
    shortcutOf(press('KeyN', { shiftKey: true }, '[role="dialog"]')),
  ]).toEqual([null, 'new-machine', null]);
});
