/**
 * Opens the one window, confined as Electron's security checklist demands.
 * The page gets a preload bridge and nothing else: no Node, no navigation, no permission, no new window.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { app, BrowserWindow, dialog, nativeTheme, session, type Session } from 'electron';
import type { Settings } from '../../shared/index.ts';
import { pageUrl } from './protocol.ts';

/** The window's colour before the page has painted, as in the page's own tokens. */
const backgrounds = { dark: '#0f1214', light: '#fbfcfc' } as const;

/** What the window itself still has to do once it is shown; work that can wait would take its processor. */
const settleMs = 250;

/** Denies everything a page could ask for, for all contents that will ever exist. */
export function confine(pages: Session): void {
  // Copying out of the console is the one thing the page may do beyond its own window; reading the
  // clipboard happens only through the person's own paste, which needs no permission.
  const allowed = 'clipboard-sanitized-write';
  pages.setPermissionRequestHandler((_contents, permission, decide) => {
    decide(permission === allowed);
  });
  pages.setPermissionCheckHandler((_contents, permission) => permission === allowed);
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', (event) => event.preventDefault());
    contents.on('will-redirect', (event) => event.preventDefault());
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
}

/** @returns the window, shown as soon as it has something to show. */
export function openWindow(): BrowserWindow {
  const window = new BrowserWindow({
    width: 1280,
    height: 800,
    minWidth: 900,
    minHeight: 560,
    show: false,
    autoHideMenuBar: true,
    title: 'Nandu',
    icon: fileURLToPath(new URL('../../resources/icons/nandu.png', import.meta.url)),
    backgroundColor: background(),
    webPreferences: {
      preload: fileURLToPath(new URL('../preload/index.cjs', import.meta.url)),
      session: session.defaultSession,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
      // A hidden window must go on acknowledging console output.
      backgroundThrottling: false,
    },
  });
  window.once('ready-to-show', () => window.show());
  void window.loadURL(pageUrl);
  reviveWhenGone(window);
  return window;
}

/** A page whose process died is loaded again: machines are untouched, and consoles replay. */
function reviveWhenGone(window: BrowserWindow): void {
  let last = -Infinity;
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit') return;
    console.error(`the page's process is gone (${reason})`);
    // One that dies at once again would only burn the processor.
    const soon = performance.now() - last < 10_000;
    last = performance.now();
    if (!soon) return window.webContents.reload();
    void dialog
      .showMessageBox(window, {
        type: 'error',
        message: 'Nandu’s window failed twice in a row',
        detail: 'Your machines go on. Try again, or end Nandu and keep them running.',
        buttons: ['Try again'],
      })
      .then(() => window.webContents.reload());
  });
}

/** Follows the person's choice; the page sees it through prefers-color-scheme. */
export function applyTheme({ theme }: Settings, window: BrowserWindow): void {
  nativeTheme.themeSource = theme;
  window.setBackgroundColor(background());
}

/** Resolves when a person can use the window, and has had its first moment to themselves. */
export async function whenShown(window: BrowserWindow): Promise<void> {
  // On a slow disk the page can be ready before whoever asks has been read.
  if (!window.isVisible()) {
    await new Promise<void>((resolve) => window.once('ready-to-show', resolve));
  }
  await delay(settleMs);
}

function background(): string {
  return backgrounds[nativeTheme.shouldUseDarkColors ? 'dark' : 'light'];
}
