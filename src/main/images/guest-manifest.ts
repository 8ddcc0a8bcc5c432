/**
 * What set-up prepared for guests, as it lies in the cache folder beside the files it names: kernels, an
 * initrd for each, the fast kernel. Reads and checks those lists; only the scripts write them.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../shared/index.ts';

export const GUEST_MANIFEST_FILE = 'manifest.json';
export const GUEST_MANIFEST_VERSION = 2;
/** Written by `npm run guest:kernel`, which is a thing of its own: set-up neither makes nor removes it. */
export const FAST_KERNEL_FILE = 'fast-kernel.json';

const fileSchema = z.strictObject({
  /** a plain name within the guest folder; it ends in the first 12 digits of the checksum */
  file: z.string().regex(/^[\w][\w.+~-]*$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z.int().positive(),
});

const kernelSchema = z.strictObject({
  id: z.string().regex(/^[\w][\w.+~-]*$/),
  /** for a person, such as "Debian 6.1.0-40-amd64" */
  title: z.string().min(1),
  /** as `uname -r` says */
  release: z.string().min(1),
  /** package and version, or the path it was taken from */
  source: z.string().min(1),
  /** what QEMU boots fastest */
  vmlinux: fileSchema,
  /** what the distribution ships */
  bzImage: fileSchema,
  /** the kernel's build options, where the distribution ships them */
  config: fileSchema.nullable(),
  /** the archive of its modules, kept to build another initrd from */
  modules: fileSchema,
  /** modules and user land in one */
  initrd: fileSchema,
});

/** The form of manifest.json. */
export const guestManifestSchema = z
  .strictObject({
    formatVersion: z.literal(GUEST_MANIFEST_VERSION),
    /** `id` of the kernel new machines get */
    default: z.string(),
    /** checksums of what the files were built by; set-up builds them anew when it changes */
    recipe: z.strictObject({ modules: z.string(), userland: z.string() }),
    kernels: z.array(kernelSchema).min(1),
    /** an initrd without modules, for kernels that have all they need built in */
    userland: fileSchema,
    /** the program that says at what rate this host's processor counts */
    tscRate: fileSchema,
  })
  .refine((manifest) => manifest.kernels.some((kernel) => kernel.id === manifest.default), {
    message: 'the default kernel is not in the list',
  });

/** The form of fast-kernel.json. */
export const fastKernelSchema = z.strictObject({
  formatVersion: z.literal(1),
  /** checksum of the configuration and of the source that it was made of */
  recipe: z.string(),
  title: z.string().min(1),
  release: z.string().min(1),
  source: z.string().min(1),
  vmlinux: fileSchema,
  bzImage: fileSchema,
  config: fileSchema,
});
export type FastKernel = z.infer<typeof fastKernelSchema>;

export type GuestManifestKernel = z.infer<typeof kernelSchema>;
export type GuestFile = z.infer<typeof fileSchema>;
export type GuestManifest = z.infer<typeof guestManifestSchema>;

/** A kernel with absolute paths. */
export interface GuestKernel {
  id: string;
  title: string;
  release: string;
  source: string;
  vmlinuxPath: string;
  bzImagePath: string;
  configPath: string | null;
  initrdPath: string;
}

/** All that was prepared for guests. */
export interface GuestFiles {
  /** The distribution's, the default one first. */
  readonly kernels: readonly [GuestKernel, ...GuestKernel[]];
  /** Nandu's own, where `npm run guest:kernel` made it. */
  readonly fast: GuestKernel | null;
  readonly tscRatePath: string;
}

/**
 * Reads what set-up prepared. Every file is there and has the recorded size;
 * checksums were verified when the files were made.
 *
 * @param guestFolder the `guest` folder of the cache
 * @throws AppError `guest_missing` when set-up has not run or its files were damaged
 */
export async function loadGuestFiles(guestFolder: string): Promise<GuestFiles> {
  const manifest = await readManifest(guestFolder);
  const at = ({ file }: GuestFile): string => join(guestFolder, file);
  const kernels = manifest.kernels
    .toSorted((a, b) => Number(b.id === manifest.default) - Number(a.id === manifest.default))
    .map(({ id, title, release, source, vmlinux, bzImage, config, initrd }): GuestKernel => ({
      ...{ id, title, release, source },
      ...{ vmlinuxPath: at(vmlinux), bzImagePath: at(bzImage), initrdPath: at(initrd) },
      configPath: config && at(config),
    }));
  for (const { vmlinux, bzImage, config, initrd } of manifest.kernels) {
    for (const file of [vmlinux, bzImage, config, initrd]) {
      if (file) await checkSize(guestFolder, file);
    }
  }
  await checkSize(guestFolder, manifest.userland);
  const [first, ...others] = kernels;
  if (first === undefined) throw guestMissing(guestFolder, 'it lists no kernel');
  return {
    kernels: [first, ...others],
    fast: await loadFastKernel(guestFolder, at(manifest.userland)),
    tscRatePath: at(manifest.tscRate),
  };
}

/** Null where nobody made one; one that was damaged counts as none, and can be made again. */
async function loadFastKernel(
  guestFolder: string,
  initrdPath: string,
): Promise<GuestKernel | null> {
  const text = await readFile(join(guestFolder, FAST_KERNEL_FILE), 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    const { title, release, source, vmlinux, bzImage, config } = fastKernelSchema.parse(
      JSON.parse(text),
    );
    for (const file of [vmlinux, bzImage, config]) await checkSize(guestFolder, file);
    const [vmlinuxPath, bzImagePath, configPath] = [
      join(guestFolder, vmlinux.file),
      join(guestFolder, bzImage.file),
      join(guestFolder, config.file),
    ];
    return {
      ...{ id: 'fast', title, release, source },
      ...{ vmlinuxPath, bzImagePath, configPath, initrdPath },
    };
  } catch {
    return null;
  }
}

async function readManifest(guestFolder: string): Promise<GuestManifest> {
  const path = join(guestFolder, GUEST_MANIFEST_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw guestMissing(path, 'it has not been made yet', cause);
  }
  try {
    return guestManifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw guestMissing(path, 'its content is not as expected', cause);
  }
}

async function checkSize(guestFolder: string, { file, sizeBytes }: GuestFile): Promise<void> {
  const path = join(guestFolder, file);
  const found = await stat(path).catch((cause: unknown) => {
    throw guestMissing(path, 'the file is gone', cause);
  });
  if (found.size !== sizeBytes) throw guestMissing(path, 'the file has another size than recorded');
}

function guestMissing(path: string, reason: string, cause?: unknown): AppError {
  return new AppError(
    'guest_missing',
    `The guest kernel is not ready (${path}: ${reason}). Run "npm run setup", or choose your own kernel and initrd.`,
    { cause, details: { path, reason } },
  );
}
