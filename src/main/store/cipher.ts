/**
 * Owns what the store knows of encryption: an interface that the desktop's secret store answers.
 * Must never hold a key.
 */

/** Encrypts for this user of this computer. */
export interface Cipher {
  /** Whether there is a store whose key is kept apart from the data; without one nothing may be written. */
  readonly available: boolean;
  encrypt(text: string): Buffer;
  /** @throws Error for what another key has encrypted. */
  decrypt(ciphertext: Buffer): string;
}

/** Where there is no such store: everything stays in memory. */
export const sessionOnly: Cipher = {
  available: false,
  encrypt() {
    throw new Error('there is no secret store');
  },
  decrypt() {
    throw new Error('there is no secret store');
  },
};

/** @returns null for what cannot be decrypted any more: the keyring is new, locked or gone. */
export function tryDecrypt(cipher: Cipher, ciphertext: Buffer): string | null {
  try {
    return cipher.available ? cipher.decrypt(ciphertext) : null;
  } catch {
    return null; // its message may hold parts of the text
  }
}
