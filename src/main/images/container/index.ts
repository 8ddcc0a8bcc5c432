/** Container images: from an OCI layout to one read-only root file system. */
export { flatten, type Flattened, type FlattenOptions, type LayerSource } from './flatten.ts';
export { layerSource } from './layer-stream.ts';
export { ImageLibrary, type ImportOptions, type ImportStep, type StoredImage } from './library.ts';
export { parseImageName, type ImageSource } from './reference.ts';
export { readLayout, type ImageLayer, type LayoutImage } from './oci-layout.ts';
export { makeSquashfs } from './squashfs.ts';
