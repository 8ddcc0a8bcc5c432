/**
 * What the window's first view does without: the pages, the dialogs, and all that parses.
 * Imported by nothing but `later-parts`, whose import() makes it a file of its own.
 */
import './zod-settings.ts'; // before any schema is made
import type { MachineId } from '../shared/index.ts';
import { shells } from './console/index.ts';
import { specDrafts, typedSecrets } from './machines/index.ts';

export { default as WindowDialogs } from './WindowDialogs.svelte';
export { default as WindowPage } from './WindowPage.svelte';

/** Drops what a person typed and opened for a machine that is gone. */
export function forgetMachine(id: MachineId): void {
  specDrafts.forget(id);
  typedSecrets.forget(id);
  shells.forget(id);
}
