/** The container images of this installation, and how they come here. */
import { z } from 'zod';
import { imageDigestSchema } from './container.ts';
import { errorDataSchema } from './errors.ts';
import { machineIdSchema } from './ids.ts';

/** What an image says about how its command is run (OCI image-spec, config.md). */
export const imageConfigSchema = z.object({
  entrypoint: z.array(z.string()),
  command: z.array(z.string()),
  /** `NAME=value`. */
  environment: z.array(z.string()),
  /** Empty for root. */
  user: z.string(),
  workingDirectory: z.string(),
  stopSignal: z.string(),
  /** As `80/tcp`. */
  exposedPorts: z.array(z.string()),
});
export type ImageConfig = z.infer<typeof imageConfigSchema>;

/** An image that is there whole. */
export const imageViewSchema = z.object({
  digest: imageDigestSchema,
  /** As it was asked for, in full: `docker://docker.io/library/alpine:latest`. */
  source: z.string(),
  /** Its read-only root on disk. Images with equal roots share one; then each shows its size. */
  rootBytes: z.number().nonnegative(),
  /** Of the files in it, unpacked. */
  contentBytes: z.number().nonnegative(),
  layerCount: z.int().nonnegative(),
  importedAtMs: z.number(),
  /** Whether its name means this one, as far as Nandu has asked: of several that came by one name the last that did. */
  isMeant: z.boolean(),
  config: imageConfigSchema,
  /** The machines that have it; it cannot be removed while there are any. */
  usedBy: z.array(machineIdSchema),
});
export type ImageView = z.infer<typeof imageViewSchema>;

export const importIdSchema = z.uuid().brand<'ImportId'>();
export type ImportId = z.infer<typeof importIdSchema>;

/** For a registry that wants to know who asks. Never stored but by the desktop's secret store. */
export const registryLoginSchema = z.strictObject({
  user: z.string().min(1, 'Give the name of a user.').max(256),
  password: z.string().min(1, 'Give the password or token.').max(16_384),
  /** Whether it is kept, encrypted, for the next time. */
  remember: z.boolean(),
});
export type RegistryLogin = z.infer<typeof registryLoginSchema>;

export const importRequestSchema = z.strictObject({
  /** Chosen by whoever asks, to follow and to cancel it. */
  importId: importIdSchema,
  /** As a person types it: `alpine`, `ghcr.io/owner/name:tag`, `docker-archive:/path`. */
  image: z.string().max(4352),
  /** Null for what is remembered of that registry, or nobody. */
  login: registryLoginSchema.nullable(),
  /** Whether this registry may be spoken with unencrypted. */
  plainHttp: z.boolean(),
});
export type ImportRequest = z.infer<typeof importRequestSchema>;

/** A layer on its way. `totalBytes` is null while nobody has said. */
export const layerProgressSchema = z.object({
  digest: z.string(),
  bytes: z.number().nonnegative(),
  totalBytes: z.number().nonnegative().nullable(),
});
export type LayerProgress = z.infer<typeof layerProgressSchema>;

export const importProgressSchema = z.object({
  importId: importIdSchema,
  image: z.string(),
  startedAtMs: z.number(),
  /** `waiting` for another import; `fetching` layers; `building` the root from them. */
  step: z.enum(['waiting', 'fetching', 'building', 'done', 'failed', 'cancelled']),
  layers: z.array(layerProgressSchema),
  /** Of the root's files, while building. */
  builtBytes: z.number().nonnegative(),
  /** Once it failed. */
  error: errorDataSchema.nullable(),
});
export type ImportProgress = z.infer<typeof importProgressSchema>;

/** What the images take up. */
export const imageUsageSchema = z.object({
  /** All roots. */
  imageBytes: z.number().nonnegative(),
  /** Of them, roots that no machine has. */
  unusedBytes: z.number().nonnegative(),
  /** Layers of imports that did not end; they let the next try go on where it was. */
  partialBytes: z.number().nonnegative(),
});
export type ImageUsage = z.infer<typeof imageUsageSchema>;

/** A registry that Nandu knows something about. */
export const registryEntrySchema = z.object({
  registry: z.string(),
  /** Who is remembered; null for nobody. */
  user: z.string().nullable(),
  plainHttp: z.boolean(),
});
export type RegistryEntry = z.infer<typeof registryEntrySchema>;

/**
 * Where secrets go. `desktop`: encrypted by the desktop's secret store. `session`: there is none, so they are
 * kept in memory only and asked for again when Nandu is started anew.
 */
export const secretStorageSchema = z.enum(['desktop', 'session']);
export type SecretStorage = z.infer<typeof secretStorageSchema>;
