export { default as SettingsView } from './SettingsView.svelte';
export { specDrafts } from './spec-drafts.svelte.ts';
