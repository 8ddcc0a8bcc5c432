/**
 * What every terminal in the page needs around it: its code and font in time, and the way out by keys.
 * Makes none before it is asked to.
 */
import type { ConsoleTerminal, TerminalListener } from './console-terminal.ts';

/** Makes the terminal that goes into an element. */
export type MakeTerminal = (listener: TerminalListener) => ConsoleTerminal;

/** Fetches what a terminal is made of: its font, and xterm.js, which the window is not kept waiting for. */
export async function terminalReady(element: HTMLElement, family: string): Promise<MakeTerminal> {
  const [{ ConsoleTerminal }] = await Promise.all([
    import('./console-terminal.ts'),
    fontReady(family),
  ]);
  return (listener) => new ConsoleTerminal(element, family, listener);
}

/** The font must be there before xterm.js measures its cells, but it is not worth more than a moment. */
async function fontReady(family: string): Promise<void> {
  const late = new Promise((resolve) => setTimeout(resolve, 1_000));
  await Promise.race([document.fonts.load(`12px ${family}`).catch(() => undefined), late]);
}

/** After a click on the tab the person wants to type; keys on the tabs must stay there. */
export function wantsFocus(): boolean {
  return document.activeElement?.matches('body, [role="tab"]:not(:focus-visible)') === true;
}

/** Puts the focus on the tab whose page the terminal is on. */
export function leaveTerminal(): void {
  document.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]')?.focus();
}
