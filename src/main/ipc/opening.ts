/**
 * Tells the page when its requests can be answered: it is there before the services are.
 * Must stay free of them, as it runs first.
 */
import { ipcMain, type WebContents } from 'electron';
import { openingChannel } from '../../shared/channel-names.ts';
import { isTrusted } from './sender.ts';

/**
 * @param composed resolves when all requests are routed.
 * @param window the only web contents that may ask.
 */
export function announceOpening(composed: Promise<void>, window: () => WebContents): void {
  ipcMain.handle(openingChannel, async (event) => {
    // A stranger is kept waiting for nothing: the requests themselves refuse it.
    if (isTrusted(event, window())) await composed;
  });
}
