/**
 * Gives the focus to what is nearest, where what had it is gone from the page.
 * Must never take the focus from where a person put it.
 */
import { tick } from 'svelte';

/**
 * @param find what has the focus next, looked for when the page is drawn anew.
 * @returns whether the focus was given.
 */
export async function keepFocus(find: () => HTMLElement | null | undefined): Promise<boolean> {
  await tick();
  // A dialog that closes gives the focus back first, perhaps to a button that went with what it asked about.
  await new Promise((resolve) => setTimeout(resolve));
  if (document.activeElement !== null && document.activeElement !== document.body) return false;
  const next = find();
  next?.focus();
  return next != null;
}
