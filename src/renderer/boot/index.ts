export { default as BootView } from './BootView.svelte';
export { default as PhaseBar } from './PhaseBar.svelte';
export { phaseColor } from './phase-colors.ts';
export { RunHistory } from './run-history.svelte.ts';
