export { titleOf } from './option-words.ts';
export { revealField } from './reveal-field.ts';
export { default as SettingsView } from './SettingsView.svelte';
export { specDrafts } from './spec-drafts.svelte.ts';
export { default as UnsavedDialog } from './UnsavedDialog.svelte';
export { typedSecrets } from './secret-values.svelte.ts';
