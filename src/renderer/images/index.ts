export { default as ImageInput } from './ImageInput.svelte';
export { default as ImagesPage } from './ImagesPage.svelte';
export { default as ImportBars } from './ImportBars.svelte';
export { default as ImportTrouble } from './ImportTrouble.svelte';
export { default as PullDialog } from './PullDialog.svelte';
export { ImageImport } from './image-import.svelte.ts';
export { ImageStore } from './image-store.svelte.ts';
export { importNotice, importNoticePrefix } from './import-notice.ts';
export { findImage, isUnderWay, nameToRun } from './image-words.ts';
