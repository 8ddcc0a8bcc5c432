export { default as DoctorButton } from './DoctorButton.svelte';
export { default as DoctorDialog } from './DoctorDialog.svelte';
export { DoctorStore } from './doctor-store.svelte.ts';
export { introduceDoctor } from './introduction.ts';
