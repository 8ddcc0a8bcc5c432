/**
 * Lets the desktop's secret store (Secret Service, KWallet) encrypt, through Electron's safeStorage.
 * Never takes Chromium's built-in password for a store: what that encrypts anybody can read.
 */
import { safeStorage } from 'electron';
import type { Cipher } from '../store/index.ts';

/** Usable once the app is ready; before that, and without a store, nothing is available. */
export const desktopCipher: Cipher = {
  get available() {
    return (
      safeStorage.isEncryptionAvailable() &&
      safeStorage.getSelectedStorageBackend() !== 'basic_text'
    );
  },
  encrypt: (text) => safeStorage.encryptString(text),
  decrypt: (ciphertext) => safeStorage.decryptString(ciphertext),
};
