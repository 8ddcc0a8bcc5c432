export { default as AppSettingsDialog } from './AppSettingsDialog.svelte';
export { default as Segments } from './Segments.svelte';
export { SettingsStore } from './settings-store.svelte.ts';
export { default as Switch } from './Switch.svelte';
