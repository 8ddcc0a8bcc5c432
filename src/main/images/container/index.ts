/** Container images: from an OCI layout to one read-only root file system. */
export { flatten, type Flattened, type FlattenOptions, type LayerSource } from './flatten.ts';
export { layerSource } from './layer-stream.ts';
export { readLayout, type ImageConfig, type ImageLayer, type LayoutImage } from './oci-layout.ts';
export { makeSquashfs } from './squashfs.ts';
