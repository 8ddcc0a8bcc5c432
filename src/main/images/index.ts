/** Guest kernels, initrds and container images: what a file is, how to unpack it, what set-up prepared. */
export {
  ImageLibrary,
  ImageService,
  type ImageServiceOptions,
  type ImageUser,
  type StoredImage,
} from './container/index.ts';
export { writeCpio, type CpioEntry } from './cpio.ts';
export {
  FAST_KERNEL_FILE,
  fastKernelSchema,
  GUEST_MANIFEST_FILE,
  GUEST_MANIFEST_VERSION,
  guestManifestSchema,
  loadGuestFiles,
  type FastKernel,
  type GuestFile,
  type GuestFiles,
  type GuestKernel,
  type GuestManifest,
  type GuestManifestKernel,
} from './guest-manifest.ts';
export { buildUserlandArchive, type UserlandSources } from './initrd.ts';
export { buildModulesArchive } from './modules-archive.ts';
export { readKernelFacts, type KernelFacts, type Known } from './kernel-facts.ts';
export { canMountVirtiofs } from './virtiofs-kernel.ts';
export { extractVmlinux, type ExtractedKernel } from './kernel-extract.ts';
export { ensureKeptDisk } from './kept-disk.ts';
export type { KernelCompression } from './kernel-header.ts';
export { inspectKernel, type KernelImage } from './kernel-image.ts';
