/**
 * The first steps: one Nandu for each data folder, and a window on its way while the services are loaded.
 * Must stay small: nothing is on the screen before this module has been read.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { app, dialog, Menu, session } from 'electron';
import { confine, declareScheme, openWindow, servePage } from './app/index.ts';
import { assertPrivate, resolvePaths } from './host/index.ts';
import { announceOpening } from './ipc/index.ts';

declareScheme();
// Else Electron makes one of its own first.
Menu.setApplicationMenu(null);
// Root has no sandbox in Chromium: its page process must then be told so, not started to die.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();

// Not awaited: Electron becomes ready only after this module has been evaluated.
main().catch((error: unknown) => {
  console.error(error);
  dialog.showErrorBox('Nandu cannot start', error instanceof Error ? error.message : String(error));
  app.exit(1);
});

async function main(): Promise<void> {
  const paths = resolvePaths(process.env);
  for (const folder of [paths.data, paths.state, paths.runtime]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    assertPrivate(folder);
  }
  // The lock of the single instance lies in there: one Nandu per data folder.
  app.setPath('userData', join(paths.data, 'electron'));
  if (!app.requestSingleInstanceLock()) {
    app.exit(0); // the first instance comes forward instead
    return;
  }

  await app.whenReady();
  confine(session.defaultSession);
  let open = (): void => undefined;
  const composed = new Promise<void>((resolve) => (open = resolve));
  const page = fileURLToPath(new URL('../renderer', import.meta.url));
  const served = servePage(session.defaultSession, page);
  const window = openWindow();
  announceOpening(composed, () => window.webContents);
  // From here on the page's process is busy as well: the two are read at the same time.
  await served;
  const { compose } = await import('./composition.ts');
  await compose(paths, window);
  open();
}
