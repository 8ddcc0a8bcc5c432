/** The app room: window, dialogs, protocol, permissions, menu. */
export { Backups } from './backups.ts';
export { desktopCipher } from './desktop-cipher.ts';
export { FileDialogs, type PickPurpose } from './file-dialogs.ts';
export { installMenu } from './menu.ts';
export { askParting, beforeQuit, type Parting } from './quit.ts';
export { partingQuestion, type GoingOn } from './quit-words.ts';
export { declareScheme, pageUrl, servePage } from './protocol.ts';
export { tellRecovery, type Recovered } from './recovery-notice.ts';
export { applyTheme, confine, openWindow, whenShown } from './window.ts';
