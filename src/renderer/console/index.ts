export { default as ConsoleView } from './ConsoleView.svelte';
export { shells } from './shells.svelte.ts';
