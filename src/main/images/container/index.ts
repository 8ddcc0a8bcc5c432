/** Container images: from a name to one read-only root file system, and the library of them. */
export type { ImportState } from './build-root.ts';
export { flattenToSquashfs } from './build-root.ts';
export type { LayerSource } from './layer-reading.ts';
export type { Flattened, FlattenOptions } from './tar-writer.ts';
export { layerSource } from './layer-stream.ts';
export { ImageLibrary, type ImportOptions } from './library.ts';
export { ImageService, type ImageServiceOptions, type ImageUser } from './image-service.ts';
export type { StoredImage } from './records.ts';
export { parseImageName, type ImageSource } from './reference.ts';
export { readLayout, type ImageLayer, type LayoutImage } from './oci-layout.ts';
