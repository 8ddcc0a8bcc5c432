// An Electron window with nothing in it: what any Electron app costs before its own first line.
import { app, BrowserWindow } from 'electron';

void app.whenReady().then(() => {
  const window = new BrowserWindow({
    ...{ width: 1280, height: 820, show: true },
    webPreferences: { sandbox: true, contextIsolation: true, nodeIntegration: false },
  });
  void window.loadURL('data:text/html,<title>empty</title><button>ready</button>');
});
app.on('window-all-closed', () => app.quit());
