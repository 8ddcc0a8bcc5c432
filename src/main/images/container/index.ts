/** Container images: from a name to one read-only root file system, and the library of them. */
export type { ImportState } from './build-root.ts';
export { flatten, type Flattened, type FlattenOptions, type LayerSource } from './flatten.ts';
export { layerSource } from './layer-stream.ts';
export { ImageLibrary, type ImportOptions } from './library.ts';
export { ImageService, type ImageServiceOptions, type ImageUser } from './image-service.ts';
export type { StoredImage } from './records.ts';
export { parseImageName, type ImageSource } from './reference.ts';
export { readLayout, type ImageLayer, type LayoutImage } from './oci-layout.ts';
export { makeSquashfs } from './squashfs.ts';
