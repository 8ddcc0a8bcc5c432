export * from './format.ts';
export * from './image-names.ts';
