/** Tells a person that the database was damaged and what was done about it. Decides nothing. */
import { dialog, type BrowserWindow } from 'electron';

/** What was done. */
export interface Recovered {
  readonly movedTo: string;
  /** Null when there was no good backup. */
  readonly restoredFrom: string | null;
  readonly reason: string;
}

export async function tellRecovery(window: BrowserWindow, recovered: Recovered): Promise<void> {
  await dialog.showMessageBox(window, {
    type: 'warning',
    message: 'Nandu’s database was damaged',
    detail: [
      recovered.restoredFrom === null
        ? 'There was no good backup, so Nandu begins with an empty list of machines.'
        : `The machines were restored from the last good backup, “${recovered.restoredFrom}”. What was changed after it is missing.`,
      `The damaged file was kept as “${recovered.movedTo}” (${recovered.reason}).`,
    ].join('\n\n'),
    buttons: ['OK'],
    noLink: true,
  });
}
