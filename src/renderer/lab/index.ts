export { default as AdvisorCard } from './AdvisorCard.svelte';
export { default as LabPage } from './LabPage.svelte';
export { default as NewExperimentDialog } from './NewExperimentDialog.svelte';
export { LabStore } from './lab-store.svelte.ts';
