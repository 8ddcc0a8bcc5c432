export { default as LogsView } from './LogsView.svelte';
