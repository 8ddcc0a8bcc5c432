/** What counts until a person chooses. Without schemas, because the window's first view has none. */
import type { Settings } from './settings.ts';

export const defaultSettings: Settings = {
  theme: 'system',
  parting: 'ask',
  sharedFolders: 'automatic',
  qemuPaths: [],
  doctorSeen: false,
};
