export { default as HostNotice } from './HostNotice.svelte';
export { HostStore } from './host-store.svelte.ts';
