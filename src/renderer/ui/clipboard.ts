/**
 * Puts text on the clipboard from a click or a key.
 * Never reads the clipboard: pasting is left to the browser's own paste event, which needs no permission.
 */

/** Copies text; true when it worked. Works where the clipboard permission is denied, as in our window. */
export async function copyText(text: string): Promise<boolean> {
  let copied = false;
  const supply = (event: ClipboardEvent): void => {
    event.clipboardData?.setData('text/plain', text);
    event.preventDefault();
    // Keeps xterm.js and others from replacing the text with their own selection.
    event.stopImmediatePropagation();
    copied = true;
  };
  // Chromium refuses the command when nothing of the document is selected, unless this is prevented.
  const allow = (event: Event): void => event.preventDefault();
  document.addEventListener('beforecopy', allow, { capture: true });
  document.addEventListener('copy', supply, { capture: true });
  try {
    document.execCommand('copy');
  } finally {
    document.removeEventListener('beforecopy', allow, { capture: true });
    document.removeEventListener('copy', supply, { capture: true });
  }
  if (copied) return true;
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
