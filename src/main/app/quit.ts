/**
 * The end of the app, in order: ask about running machines, stop or release them, close the database.
 * Never ends a machine without having asked, and never leaves half of the order undone.
 */
import { app, dialog, type BrowserWindow } from 'electron';
import type { Settings } from '../../shared/index.ts';

/** What happens to machines that run when the app ends. */
export type Parting = 'stop' | 'keep';

/** Where the answer is remembered. */
export interface PartingMemory {
  get(): Settings;
  set(settings: Settings): void;
}

/**
 * Asks in the desktop's own dialog, unless the answer was to be remembered.
 * @returns null when the person would rather stay.
 */
export async function askParting(
  window: BrowserWindow,
  running: number,
  memory: PartingMemory,
): Promise<Parting | null> {
  const remembered = memory.get().parting;
  if (remembered !== 'ask') return remembered;
  const machines = running === 1 ? 'One machine is' : `${running} machines are`;
  const { response, checkboxChecked } = await dialog.showMessageBox(window, {
    type: 'question',
    message: `${machines} still running`,
    detail: 'Machines that keep running are here again when you open Nandu the next time.',
    buttons: ['Stop and quit', 'Keep running', 'Cancel'],
    checkboxLabel: 'Remember my choice (it can be changed in the settings)',
    defaultId: 0,
    cancelId: 2,
    noLink: true,
  });
  const answer = response === 0 ? 'stop' : response === 1 ? 'keep' : null;
  if (answer !== null && checkboxChecked) memory.set({ ...memory.get(), parting: answer });
  return answer;
}

/** Runs `work` once before the app ends, however the end was asked for. */
export function beforeQuit(work: () => Promise<'go' | 'stay'>): void {
  let done = false;
  let busy = false;
  app.on('before-quit', (event) => {
    if (done) return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    void work()
      .catch((error: unknown) => {
        // The app must be able to end even when its own shutdown has a defect.
        console.error('shutdown failed:', error);
        return 'go' as const;
      })
      .then((decision) => {
        busy = false;
        if (decision === 'stay') return;
        done = true;
        app.quit();
      });
  });
}
