export { default as MachineList } from './MachineList.svelte';
export { default as MachinePage } from './MachinePage.svelte';
export { default as NewMachineDialog } from './NewMachineDialog.svelte';
export { MachineStore } from './machine-store.svelte.ts';
export type { DirectVerb, MachineVerb } from './machine-store.svelte.ts';
export { noticeKey, noticeOf, refusalOf } from './notices.ts';
export { machineTabs, readTab } from './machine-tabs.ts';
export type { MachineTab } from './machine-tabs.ts';
export { specDrafts } from './options/index.ts';
