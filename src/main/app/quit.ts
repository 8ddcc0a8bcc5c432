/**
 * The end of the app, in order: ask about running machines, stop or release them, close the database.
 * Never ends a machine without having asked, and never leaves half of the order undone.
 */
import { app, dialog, type BrowserWindow } from 'electron';
import type { Settings } from '../../shared/index.ts';
import { partingQuestion, type GoingOn } from './quit-words.ts';

/** What happens to machines that run when the app ends. */
export type Parting = 'stop' | 'keep';

/** Where the answer is remembered. */
export interface PartingMemory {
  get(): Settings;
  set(settings: Settings): void;
}

/**
 * Asks in the desktop's own dialog, unless the answer was to be remembered. What is being fetched is asked about
 * all the same: no answer about machines meant that.
 * @returns null when the person would rather stay.
 */
export async function askParting(
  window: BrowserWindow,
  goingOn: GoingOn,
  memory: PartingMemory,
): Promise<Parting | null> {
  const remembered = memory.get().parting;
  const decided = remembered === 'ask' ? null : remembered;
  const question = partingQuestion(decided === null ? goingOn : { ...goingOn, machines: 0 });
  if (question === null) return decided ?? 'keep';
  const { message, detail, answers, canRemember } = question;
  const { response, checkboxChecked } = await dialog.showMessageBox(window, {
    ...{ type: 'question', message, detail },
    buttons: answers.map(({ label }) => label),
    ...(canRemember
      ? { checkboxLabel: 'Remember my choice (it can be changed in the settings)' }
      : {}),
    defaultId: 0,
    cancelId: answers.length - 1,
    noLink: true,
  });
  const answer = answers[response]?.means ?? null;
  if (answer !== null && canRemember && checkboxChecked) {
    memory.set({ ...memory.get(), parting: answer });
  }
  return answer === null ? null : (decided ?? answer);
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
