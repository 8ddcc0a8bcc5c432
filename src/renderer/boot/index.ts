export { default as BootView } from './BootView.svelte';
export { default as PhaseBar } from './PhaseBar.svelte';
export { RunHistory } from './run-history.svelte.ts';
