export { default as SerialConsole } from './SerialConsole.svelte';
