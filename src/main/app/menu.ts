/**
 * The application menu, kept to accelerators that no program in a console needs.
 * Electron's own menu takes Ctrl+R and Ctrl+W from the guest's shell, so it must never come back.
 */
import { Menu } from 'electron';

/** Gives the app its menu; that there is no default one until then, main's first module sees to. */
export function installMenu(): void {
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      {
        label: 'Nandu',
        submenu: [
          { role: 'reload', accelerator: 'Ctrl+Shift+R' },
          { role: 'toggleDevTools', accelerator: 'Ctrl+Shift+I' },
          { type: 'separator' },
          { role: 'zoomIn', accelerator: 'Ctrl+Plus' },
          { role: 'zoomOut', accelerator: 'Ctrl+-' },
          { role: 'resetZoom', accelerator: 'Ctrl+0' },
          { type: 'separator' },
          { role: 'quit', accelerator: 'Ctrl+Shift+Q' },
        ],
      },
    ]),
  );
}
