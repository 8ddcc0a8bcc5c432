/**
 * The list of guest kernels that set-up prepared, as it lies in the cache folder beside the files it names.
 * Reads and checks that list; only set-up writes it.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../shared/index.ts';

export const GUEST_MANIFEST_FILE = 'manifest.json';
export const GUEST_MANIFEST_VERSION = 1;

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
  })
  .refine((manifest) => manifest.kernels.some((kernel) => kernel.id === manifest.default), {
    message: 'the default kernel is not in the list',
  });

export type GuestManifestKernel = z.infer<typeof kernelSchema>;
export type GuestFile = z.infer<typeof fileSchema>;
export type GuestManifest = z.infer<typeof guestManifestSchema>;

/** One kernel of the manifest with absolute paths. */
export interface GuestKernel {
  id: string;
  title: string;
  release: string;
  source: string;
  isDefault: boolean;
  vmlinuxPath: string;
  bzImagePath: string;
  configPath: string | null;
  initrdPath: string;
}

/**
 * Reads the kernels set-up prepared, the default one first. Every file is there and has the recorded size;
 * checksums were verified when the files were made.
 *
 * @param guestFolder the `guest` folder of the cache
 * @throws AppError `guest_missing` when set-up has not run or its files were damaged
 */
export async function loadGuestKernels(guestFolder: string): Promise<GuestKernel[]> {
  const manifest = await readManifest(guestFolder);
  const kernels = manifest.kernels.map((kernel): GuestKernel => {
    const { id, title, release, source } = kernel;
    return {
      id,
      title,
      release,
      source,
      isDefault: id === manifest.default,
      vmlinuxPath: join(guestFolder, kernel.vmlinux.file),
      bzImagePath: join(guestFolder, kernel.bzImage.file),
      configPath: kernel.config && join(guestFolder, kernel.config.file),
      initrdPath: join(guestFolder, kernel.initrd.file),
    };
  });
  for (const { vmlinux, bzImage, config, initrd } of manifest.kernels) {
    for (const file of [vmlinux, bzImage, config, initrd]) {
      if (file) await checkSize(guestFolder, file);
    }
  }
  return kernels.sort((a, b) => Number(b.isDefault) - Number(a.isDefault));
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
