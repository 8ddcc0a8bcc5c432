export { default as CommandView } from './CommandView.svelte';
