/**
 * Decides whether a message may be listened to at all.
 * Only the main frame of the window that Nandu itself opened, showing Nandu's own page, may speak.
 */
import type { IpcMainEvent, IpcMainInvokeEvent, WebContents } from 'electron';

/** The page's origin; anything else is a stranger. */
export const appOrigin = 'app://nandu';

/** True for messages of our own page in its main frame. */
export function isTrusted(
  event: Pick<IpcMainEvent | IpcMainInvokeEvent, 'sender' | 'senderFrame'>,
  window: WebContents | null,
): boolean {
  const frame = event.senderFrame;
  return (
    window !== null &&
    event.sender === window &&
    frame !== null &&
    frame === window.mainFrame &&
    frame.origin === appOrigin
  );
}
