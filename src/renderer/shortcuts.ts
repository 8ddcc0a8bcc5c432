/**
 * The window's shortcuts: which keys mean what, and whose they are when a terminal or a dialog has the focus.
 * Never acts: it only reads a wish out of an event.
 */

/** What a shortcut asks for; a number shows the machine's tab at that place, from 1. */
export type ShortcutWish = 'new-machine' | 'settings-dialog' | 'search' | number;

/** The wish behind a key press, or null. Plain Ctrl belongs to the guest while its console has the focus; with Shift it is ours. */
export function shortcutOf(event: KeyboardEvent): ShortcutWish | null {
  if (!event.ctrlKey || event.altKey || event.metaKey || event.repeat) return null;
  const target = event.target as HTMLElement;
  if (target.closest('.xterm') && !event.shiftKey) return null;
  if (target.closest('[role="dialog"], [role="alertdialog"]')) return null;
  if (event.code === 'KeyN') return 'new-machine';
  if (event.code === 'Comma') return 'settings-dialog';
  if (event.code === 'KeyK') return 'search';
  const digit = /^Digit([1-9])$/.exec(event.code);
  return digit && Number(digit[1]);
}
